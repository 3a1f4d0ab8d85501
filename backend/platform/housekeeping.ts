import { sql } from './drizzle.ts'
import type { Ctx } from './ctx.ts'
import { findOutboxState } from './outbox-state.ts'

const OUTBOX_KEPT_DAYS = 7

/** Removes outbox rows that were done long ago; parked ones stay. Answers how many; fewer than `limit`: that was all. */
export async function purgeOutbox(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from outbox where id = any(array(
      select id from outbox where done_at < app_now() - make_interval(days => ${OUTBOX_KEPT_DAYS}) order by done_at limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}

/** Removes idempotency keys that have run out. Answers how many; fewer than `limit`: that was all. */
export async function purgeIdempotencyKeys(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from idempotency_keys where (scope, key) in (
      select scope, key from idempotency_keys where expires_at < app_now() order by expires_at limit ${limit} for update skip locked)`)
  return rowCount ?? 0
}

/** Puts how much of the outbox waits, and how long the oldest is due, into its metrics: what the alert on stuck work looks at. */
export async function measureOutbox(ctx: Ctx): Promise<void> {
  const { waiting, oldestSeconds, parked } = await findOutboxState(ctx.sql)
  ctx.metrics.outboxOldestSeconds.set(oldestSeconds)
  ctx.metrics.outboxRows.set({ state: 'waiting' }, waiting)
  ctx.metrics.outboxRows.set({ state: 'parked' }, parked)
}
