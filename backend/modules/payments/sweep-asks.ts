import { and, eq, sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { readBack, wasNotAskedLately } from './ask-provider.ts'
import { callBudget } from './call-budget.ts'
import { settleAnswer } from './settle-answer.ts'
import { payments } from './tables.ts'
import type { Payment, PaymentHooks } from './types.ts'

/** An ask without an answer, or whose answer could not be applied, is made again after this. */
const RETRY_SECONDS = 10

/** Whether there is anything for `sweepAsks`. */
export function areAsksDue(ctx: Ctx): SQL {
  return sql`(select true from ${payments} where ${isAskDue(ctx)} order by ${payments.askAt} limit 1)`
}

const isAskDue = (ctx: Ctx) => and(eq(payments.state, 'pending'), sql`${payments.askAt} <= app_now()`, wasNotAskedLately(ctx))

/**
 * Asks the provider about pending payments whose time has come (`paymentAskSeconds` after they became pending) and
 * does what the answers ask for. Bounded by the budget of calls: what is beyond it stays due. Answers how many it asked about.
 */
export async function sweepAsks(ctx: Ctx, hooks: PaymentHooks, limit = 20): Promise<number> {
  const budget = callBudget(ctx)
  const calls = budget.take(limit)
  if (calls === 0) return 0
  const due = await budget.keepFor(calls, claimDue(ctx, calls), ({ length }) => length)
  await Promise.all(due.map((payment) => ask(ctx, hooks, payment)))
  return due.length
}

async function claimDue(ctx: Ctx, limit: number): Promise<Payment[]> {
  const schedule = sql`${sql.param([...ctx.settings.get('paymentAskSeconds')])}::int[]`
  const due = ctx.sql.select({ id: payments.id }).from(payments)
    .where(isAskDue(ctx)).orderBy(payments.askAt).limit(limit).for('update', { skipLocked: true })
  return ctx.sql.update(payments)
    .set({
      askedAt: sql`app_now()`,
      askCount: sql`${payments.askCount} + 1`,
      askAt: sql`${payments.pendingAt} + make_interval(secs => (${schedule})[${payments.askCount} + 2])`,
    })
    .where(sql`${payments.id} = any(array(${due}))`)
    .returning()
}

async function ask(ctx: Ctx, hooks: PaymentHooks, payment: Payment): Promise<void> {
  try {
    const invoice = payment.providerInvoiceId === null ? undefined : await readBack(ctx, payment.providerInvoiceId)
    if (!invoice) await askAgain(ctx, payment.id)
    else await settleAnswer(ctx, hooks, payment, invoice)
  } catch (error) {
    ctx.log.error({ err: error, paymentId: payment.id }, 'what the provider answered could not be applied')
    await askAgain(ctx, payment.id)
  }
}

async function askAgain(ctx: Ctx, paymentId: string): Promise<void> {
  await ctx.sql.update(payments).set({ askAt: sql`least(${payments.askAt}, app_now() + make_interval(secs => ${RETRY_SECONDS}))` })
    .where(and(eq(payments.id, paymentId), eq(payments.state, 'pending')))
}
