import { and, inArray, isNotNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { tips } from './tables.ts'

/**
 * A key is over after `idempotencySeconds`: whoever uses it again gets something new, not tips of long ago. Answers how
 * many; fewer than `limit`: that was all.
 */
export async function forgetTipKeys(ctx: Ctx, limit: number): Promise<number> {
  const tipsDue = ctx.sql.select({ id: tips.id }).from(tips)
    .where(and(isNotNull(tips.requestKey), lt(tips.createdAt, sql`app_now() - make_interval(secs => ${ctx.settings.get('idempotencySeconds')})`))).limit(limit)
  const tipsDone = await ctx.sql.update(tips).set({ requestKey: null }).where(inArray(tips.id, tipsDue))
  return tipsDone.rowCount ?? 0
}
