import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { periodOf, rowsOfRollup, type DaysRange, type Grouping } from '../../platform/rollups.ts'
import { OFFER_DAYS, SESSION_DAYS, SESSION_END_DAYS } from './rollups.ts'

export type SessionSums = { asked: number; found: number; paid: number; served: number; ended: number; cancelled: number; expired: number; unserved: number; servedMs: number }

const SUMS = sql`sum(asked)::float8 as asked, sum(found)::float8 as found, sum(paid)::float8 as paid, sum(served)::float8 as served, sum(ended)::float8 as ended,
  sum(cancelled)::float8 as cancelled, sum(expired)::float8 as expired, sum(unserved)::float8 as unserved, sum(served_ms)::float8 as "servedMs"`

/** What became of the sessions that were asked for in each period. Days in Asia/Jakarta, both within; so everywhere here. */
export async function sumSessions(handle: Queryable, days: DaysRange, group: Grouping): Promise<({ period: string } & SessionSums)[]> {
  const { rows } = await handle.execute<{ period: string } & SessionSums>(sql`select ${periodOf(group)} as period, ${SUMS} from ${await rowsOfRollup(handle, SESSION_DAYS, days)} r group by 1 order by 1`)
  return rows
}

/** The same by the hour of the day (0 to 23) in which they were asked for. */
export async function sumSessionHours(handle: Queryable, days: DaysRange): Promise<({ hour: number } & SessionSums)[]> {
  const { rows } = await handle.execute<{ hour: number } & SessionSums>(sql`select hour, ${SUMS} from ${await rowsOfRollup(handle, SESSION_DAYS, days)} r group by 1 order by 1`)
  return rows
}

/** How they ended, and why. */
export async function sumSessionEnds(handle: Queryable, days: DaysRange, group: Grouping): Promise<{ period: string; state: string; reason: string; sessions: number }[]> {
  const { rows } = await handle.execute<{ period: string; state: string; reason: string; sessions: number }>(sql`
    select ${periodOf(group)} as period, state, reason, sum(sessions)::float8 as sessions from ${await rowsOfRollup(handle, SESSION_END_DAYS, days)} r group by 1, 2, 3 order by 1, 4 desc, 2, 3`)
  return rows
}

/** Seconds; the percentiles are of whole seconds. Null where nothing was answered. */
export type AnswerSums = { period: string; accepted: number; declined: number; missed: number; withdrawn: number; meanSeconds: number | null; p50Seconds: number | null; p90Seconds: number | null }

/** What became of the offers that were made in each period, and how long an answer took. */
export async function sumAnswers(handle: Queryable, days: DaysRange, group: Grouping): Promise<AnswerSums[]> {
  const { rows } = await handle.execute<AnswerSums>(sql`
    with rows as materialized (select ${periodOf(group)} as period, state, seconds, sum(offers)::float8 as offers, sum(took_ms)::float8 as took_ms from ${await rowsOfRollup(handle, OFFER_DAYS, days)} r group by 1, 2, 3),
    answered as (select period, seconds, sum(sum(offers)) over (partition by period order by seconds) as upto, sum(sum(offers)) over (partition by period) as total
      from rows where state in ('accepted', 'declined') group by 1, 2),
    places as (select period, min(seconds) filter (where upto >= total * 0.5) as p50, min(seconds) filter (where upto >= total * 0.9) as p90 from answered group by 1)
    select period, coalesce(sum(offers) filter (where state = 'accepted'), 0) as accepted, coalesce(sum(offers) filter (where state = 'declined'), 0) as declined,
      coalesce(sum(offers) filter (where state = 'expired'), 0) as missed, coalesce(sum(offers) filter (where state = 'withdrawn'), 0) as withdrawn,
      sum(took_ms) / nullif(sum(offers) filter (where state in ('accepted', 'declined')), 0) / 1000 as "meanSeconds", min(p50) as "p50Seconds", min(p90) as "p90Seconds"
    from rows left join places using (period) group by 1 order by 1`)
  return rows
}
