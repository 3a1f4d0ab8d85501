import { and, inArray, isNotNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { refunds } from './tables.ts'

/**
 * A key is over after `idempotencySeconds`: whoever uses it again gets something new, not refunds of long ago. Answers how
 * many; fewer than `limit`: that was all.
 */
export async function forgetRefundKeys(ctx: Ctx, limit: number): Promise<number> {
  const refundsDue = ctx.sql.select({ id: refunds.id }).from(refunds)
    .where(and(isNotNull(refunds.requestKey), lt(refunds.requestedAt, sql`app_now() - make_interval(secs => ${ctx.settings.get('idempotencySeconds')})`))).limit(limit)
  const refundsDone = await ctx.sql.update(refunds).set({ requestKey: null }).where(inArray(refunds.id, refundsDue))
  return refundsDone.rowCount ?? 0
}
