import { and, inArray, isNotNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { payoutBatches, payouts } from './tables.ts'

/**
 * A key is over after `idempotencySeconds`: whoever uses it again gets something new, not payouts and batches of long ago.
 * Answers how many; fewer than `limit`: that was all.
 */
export async function forgetPayoutKeys(ctx: Ctx, limit: number): Promise<number> {
  const payoutsDue = ctx.sql.select({ id: payouts.id }).from(payouts)
    .where(and(isNotNull(payouts.requestKey), lt(payouts.requestedAt, sql`app_now() - make_interval(secs => ${ctx.settings.get('idempotencySeconds')})`))).limit(limit)
  const payoutsDone = await ctx.sql.update(payouts).set({ requestKey: null }).where(inArray(payouts.id, payoutsDue))
  const payoutBatchesDue = ctx.sql.select({ id: payoutBatches.id }).from(payoutBatches)
    .where(and(isNotNull(payoutBatches.requestKey), lt(payoutBatches.createdAt, sql`app_now() - make_interval(secs => ${ctx.settings.get('idempotencySeconds')})`))).limit(limit)
  const payoutBatchesDone = await ctx.sql.update(payoutBatches).set({ requestKey: null }).where(inArray(payoutBatches.id, payoutBatchesDue))
  return Math.max(payoutsDone.rowCount ?? 0, payoutBatchesDone.rowCount ?? 0)
}
