import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Answers } from './contract.ts'

type Row = { mitra_id: string; day: string | null; accepted: number; declined: number; missed: number; mean: number | null; p50: number | null; p90: number | null }

/**
 * What became of the offers that these mitras were made on these days in Asia/Jakarta, and how long an answer took; offers
 * that were withdrawn are neither answered nor missed. By mitra, and within that by day and under `''` together. One statement.
 */
export async function countAnswers(handle: Queryable, mitraIds: readonly string[], days: { from: string; to: string }, by: 'day' | 'range'): Promise<Map<string, Map<string, Answers>>> {
  if (mitraIds.length === 0) return new Map()
  const sets = by === 'day' ? sql`grouping sets ((mitra_id, day), (mitra_id))` : sql`grouping sets ((mitra_id))`
  const { rows } = await handle.execute<Row>(sql`
    with made as (
      select mitra_id, state, (created_at at time zone 'Asia/Jakarta')::date::text as day,
        case when state in ('accepted', 'declined') then extract(epoch from ended_at - created_at)::float8 end as seconds
      from offers
      where mitra_id = any(${sql.param([...mitraIds])}::uuid[])
        and created_at >= ${days.from}::date::timestamp at time zone 'Asia/Jakarta'
        and created_at < (${days.to}::date + interval '1 day') at time zone 'Asia/Jakarta')
    select mitra_id, ${by === 'day' ? sql`day` : sql`null::text as day`},
      (count(*) filter (where state = 'accepted'))::int as accepted, (count(*) filter (where state = 'declined'))::int as declined,
      (count(*) filter (where state = 'expired'))::int as missed, avg(seconds) as mean,
      percentile_cont(0.5) within group (order by seconds) as p50, percentile_cont(0.9) within group (order by seconds) as p90
    from made group by ${sets}`)
  return new Map([...Map.groupBy(rows, (row) => row.mitra_id)].map(([mitraId, ofOne]) => [mitraId, new Map(ofOne.map((row) => [row.day ?? '', answersOf(row)]))]))
}

const toMs = (seconds: number) => Math.round(seconds * 1000) / 1000

function answersOf({ accepted, declined, missed, mean, p50, p90 }: Row): Answers {
  return {
    offersAnswered: accepted + declined, offersAccepted: accepted, offersDeclined: declined, offersMissed: missed,
    answerSeconds: mean === null || p50 === null || p90 === null ? null : { mean: toMs(mean), p50: toMs(p50), p90: toMs(p90) },
  }
}

export const NO_ANSWERS: Answers = { offersAnswered: 0, offersAccepted: 0, offersDeclined: 0, offersMissed: 0, answerSeconds: null }
