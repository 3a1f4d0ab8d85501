import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Forecast } from './forecast.ts'
import { waitEstimates } from './tables.ts'

type Told = typeof waitEstimates.$inferInsert
/** While Postgres is away the newest are kept: a replica that can't write for long must not grow. */
const BUFFER_MOST = 20_000
const BATCH = 1000

const buffers = new WeakMap<Ctx['pool'], Map<string, Told>>()

/** Remembers that somebody was told this; written with the next flush, once however often it was told. */
export function noteTold(ctx: Ctx, sessionId: string, forecast: Forecast): void {
  const place = forecast.places.get(sessionId)
  if (!place) return
  const buffer = buffers.get(ctx.pool) ?? new Map<string, Told>()
  buffers.set(ctx.pool, buffer)
  const key = `${sessionId}:${forecast.at}`
  if (buffer.has(key)) return
  buffer.set(key, { sessionId, toldAt: new Date(forecast.at), position: place.position, p50Seconds: place.wait?.p50 ?? null, p90Seconds: place.wait?.p90 ?? null })
  if (buffer.size > BUFFER_MOST) buffer.delete(buffer.keys().next().value!)
}

/** Writes what was told since the last time, in few statements; nothing where nobody waits. */
export async function flushTold(ctx: Ctx): Promise<void> {
  const buffer = buffers.get(ctx.pool)
  if (!buffer || buffer.size === 0) return
  const entries = [...buffer]
  for (let from = 0; from < entries.length; from += BATCH) {
    const batch = entries.slice(from, from + BATCH)
    await ctx.sql.insert(waitEstimates).values(batch.map(([, told]) => told)).onConflictDoNothing()
    for (const [key] of batch) buffer.delete(key)
  }
}

/**
 * Compares what was told with what happened, for those who have left the queue; answers how many of `limit`. Who left
 * later than the p90 was told too little, who left after the p50 tells of that one alone; who left before tells nothing.
 */
export async function judgeEstimates(ctx: Ctx, limit: number): Promise<number> {
  const { rows } = await ctx.sql.execute<{ verdict: string; told: number }>(sql`
    with over as (
      select e.session_id, e.told_at, coalesce(s.held_at, s.paid_at) is not null as is_found, s.state,
        greatest(0, extract(epoch from coalesce(s.held_at, s.paid_at, s.ended_at) - e.told_at))::float8 as waited
      from wait_estimates e join chat_sessions s on s.id = e.session_id
      where e.outcome is null and s.state <> 'queued' order by e.session_id, e.told_at limit ${limit} for update of e skip locked),
    judged as (
      update wait_estimates e set waited_seconds = o.waited,
        outcome = case when o.is_found then 'found' when o.state = 'expired' then 'expired' else 'left' end,
        verdict = case when e.p90_seconds is null then 'unknown' when o.waited > e.p90_seconds then 'late' when not o.is_found and o.waited > e.p50_seconds then 'left_between' when not o.is_found then 'left_before'
          when o.waited <= e.p50_seconds then 'within_p50' else 'within_p90' end
      from over o where e.session_id = o.session_id and e.told_at = o.told_at returning e.verdict)
    select verdict, count(*)::int as told from judged group by verdict`)
  for (const { verdict, told } of rows) ctx.metrics.waitEstimates.inc({ verdict }, told)
  return rows.reduce((sum, { told }) => sum + told, 0)
}

/** Removes what was told long ago. Answers how many; fewer than `limit`: that was all. */
export async function purgeEstimates(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from wait_estimates where (session_id, told_at) in (
      select session_id, told_at from wait_estimates where told_at < app_now() - make_interval(days => ${ctx.settings.get('waitEstimateDays')})
      order by told_at limit ${limit} for update skip locked)`)
  return rowCount ?? 0
}
