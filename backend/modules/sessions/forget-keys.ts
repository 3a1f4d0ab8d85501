import { and, inArray, isNotNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { purchases, tips } from './tables.ts'

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

/** The same for extensions. */
export async function forgetExtensionKeys(ctx: Ctx, limit: number): Promise<number> {
  const due = ctx.sql.select({ id: purchases.id }).from(purchases)
    .where(and(isNotNull(purchases.requestKey), lt(purchases.createdAt, sql`app_now() - make_interval(secs => ${ctx.settings.get('idempotencySeconds')})`))).limit(limit)
  const done = await ctx.sql.update(purchases).set({ requestKey: null }).where(inArray(purchases.id, due))
  return done.rowCount ?? 0
}
