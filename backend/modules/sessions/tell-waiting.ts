import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { publishSessions } from './announce.ts'
import { forecastNow } from './forecast.ts'
import { isWorthTelling } from './rules.ts'

/** Less than this nobody wants to know. */
const LEAST_SECONDS = 15
const BATCH = 200

type Last = { session_id: string; position: number; p50: number | null; p90: number | null; age: number }

/** Tells those in the queue whose place or waiting time has changed materially since they were told, and all of them now and then. */
export async function tellWaiting(ctx: Ctx): Promise<number> {
  const { rows: waiting } = await ctx.sql.execute(sql`select 1 from chat_sessions where state = 'queued' limit 1`)
  if (waiting.length === 0) return 0
  const { places } = await forecastNow(ctx)
  const { rows } = await ctx.sql.execute<Last>(sql`
    select distinct on (session_id) session_id, position, p50_seconds as p50, p90_seconds as p90, extract(epoch from app_now() - told_at)::float8 as age
    from wait_estimates where outcome is null order by session_id, told_at desc`)
  const lastOf = new Map(rows.map((row) => [row.session_id, row]))
  const options = { percent: ctx.settings.get('waitTellPercent'), leastSeconds: LEAST_SECONDS, afterSeconds: ctx.settings.get('waitRetellSeconds') }
  const ids = [...places].filter(([id, { position, wait }]) => {
    const last = lastOf.get(id)
    return isWorthTelling(last && { position: last.position, wait: last.p50 === null || last.p90 === null ? null : { p50: last.p50, p90: last.p90 }, ageSeconds: last.age }, { position, wait }, options)
  }).map(([id]) => id)
  for (let from = 0; from < ids.length; from += BATCH) await publishSessions(ctx, ids.slice(from, from + BATCH))
  return ids.length
}
