import { and, eq, isNotNull, lte, sql, type SQL } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { callBudget } from '../payments/index.ts'
import { settleRefundAnswer } from './settle-refund.ts'
import { refunds, type Refund } from './tables.ts'

const isAskDue = and(eq(refunds.state, 'pending'), isNotNull(refunds.askAt), lte(refunds.askAt, sql`app_now()`))

/** Whether there is anything for `sweepRefundAsks`. */
export function areRefundAsksDue(): SQL {
  return sql`(select true from ${refunds} where ${isAskDue} order by ${refunds.askAt} limit 1)`
}

/**
 * Asks the provider about sent refunds whose time has come (`refundAskSeconds` after they were sent, then as often as
 * the last of these) and does what it answers. What has no outcome after the schedule is shown to staff. Answers how many.
 */
export async function sweepRefundAsks(ctx: Ctx, limit = 20): Promise<number> {
  if (!ctx.gateways.payments.enabled) return 0
  const budget = callBudget(ctx)
  const calls = budget.take(limit)
  if (calls === 0) return 0
  const due = await budget.keepFor(calls, claimDue(ctx, calls), ({ length }) => length)
  await Promise.all(due.map((refund) => ask(ctx, refund)))
  return due.length
}

async function claimDue(ctx: Ctx, limit: number): Promise<Refund[]> {
  const seconds = ctx.settings.get('refundAskSeconds')
  const schedule = sql`${sql.param([...seconds])}::int[]`
  const due = ctx.sql.select({ id: refunds.id }).from(refunds)
    .where(isAskDue).orderBy(refunds.askAt).limit(limit).for('update', { skipLocked: true })
  return ctx.sql.update(refunds)
    .set({
      askCount: sql`${refunds.askCount} + 1`,
      askAt: sql`greatest(app_now() + interval '10 seconds', coalesce(${refunds.sentAt} + make_interval(secs => (${schedule})[${refunds.askCount} + 2]), app_now() + make_interval(secs => ${seconds.at(-1) ?? 3600})))`,
      needsStaff: sql`case when ${refunds.askCount} + 1 >= ${seconds.length} then coalesce(${refunds.needsStaff}, 'no_outcome') else ${refunds.needsStaff} end`,
    })
    .where(sql`${refunds.id} = any(array(${due}))`)
    .returning()
}

async function ask(ctx: Ctx, refund: Refund): Promise<void> {
  try {
    const answer = refund.providerRefundId === null ? undefined : await ctx.gateways.refunds.getRefund(refund.providerRefundId)
    crashPoint('refund.asked')
    const settled = answer ? await settleRefundAnswer(ctx, refund.id, answer) : 'mismatch'
    if (settled === 'mismatch') await ctx.sql.update(refunds).set({ needsStaff: 'mismatch' }).where(and(eq(refunds.id, refund.id), eq(refunds.state, 'pending')))
  } catch (error) {
    // The next time is set: an answer that could not be had or applied is asked for again.
    ctx.log.warn({ err: error, refundId: refund.id }, 'what became of a refund could not be asked')
  }
}
