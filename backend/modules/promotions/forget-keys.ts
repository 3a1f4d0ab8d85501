import { and, inArray, isNotNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { staffCredits } from './tables.ts'

/**
 * A key is over after `idempotencySeconds`: whoever uses it again gets something new, not credits of long ago. Answers how
 * many; fewer than `limit`: that was all.
 */
export async function forgetCreditKeys(ctx: Ctx, limit: number): Promise<number> {
  const staffCreditsDue = ctx.sql.select({ id: staffCredits.id }).from(staffCredits)
    .where(and(isNotNull(staffCredits.requestKey), lt(staffCredits.createdAt, sql`app_now() - make_interval(secs => ${ctx.settings.get('idempotencySeconds')})`))).limit(limit)
  const staffCreditsDone = await ctx.sql.update(staffCredits).set({ requestKey: null }).where(inArray(staffCredits.id, staffCreditsDue))
  return staffCreditsDone.rowCount ?? 0
}
