import { sql } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { GatewayError } from '../../platform/gateways.ts'
import { callBudget } from './call-budget.ts'
import { claimEnd, releaseClaim, type Claim } from './claim-invoice.ts'
import { lookUpInvoice, rememberInvoice } from './create-invoice.ts'
import { parkAnswer } from './park-answer.ts'
import { changeState } from './payment-states.ts'
import { findPayment } from './queries.ts'
import { judgeInvoice } from './rules.ts'
import { settleAnswer } from './settle-answer.ts'
import type { ApplyPayment, Payment } from './types.ts'

export type EndOfInvoice = 'paid' | 'expired' | 'not_confirmed' | 'unanswered'

const PATIENCE_MS = 3000

/**
 * Ends a payment's invoice at the provider. `paid`: the payer was quicker, and the money is applied; `expired`: nobody
 * can pay it any more, or there is none and none will be made (that payment is `failed` then, any other is left for
 * the caller's transaction to mark); `not_confirmed`: what the provider says of it does not fit our payment (another
 * amount or currency, a state that we don't know): parked for staff; `unanswered`: ask again later.
 */
export async function expireInvoice(ctx: Ctx, apply: ApplyPayment, paymentId: string): Promise<EndOfInvoice> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (!payment) throw new AppError('not_found')
  try {
    return await end(ctx, apply, payment)
  } catch (error) {
    if (error instanceof GatewayError) return 'unanswered'
    throw error
  }
}

async function end(ctx: Ctx, apply: ApplyPayment, payment: Payment): Promise<EndOfInvoice> {
  if (payment.state === 'creating') return endUncreated(ctx, apply, payment.id)
  if (payment.state === 'pending') return endPending(ctx, apply, payment)
  return payment.state === 'paid' ? 'paid' : 'expired'
}

async function endPending(ctx: Ctx, apply: ApplyPayment, payment: Payment): Promise<EndOfInvoice> {
  if (payment.providerInvoiceId === null || !(await callBudget(ctx).wait(PATIENCE_MS))) return 'unanswered'
  const invoice = await ctx.gateways.payments.expireInvoice(payment.providerInvoiceId)
  crashPoint('closing.answered')
  // Where applying fails, the sweep of asks goes on with it.
  if (judgeInvoice(payment, invoice) === 'paid') await ctx.sql.execute(sql`update payments set ask_at = app_now(), asked_at = null where id = ${payment.id} and state = 'pending'`)
  // The end of the payment is the caller's to mark.
  const verdict = await settleAnswer(ctx, { apply, expired: async () => {} }, payment, invoice)
  if (verdict === 'paid') return 'paid'
  if (verdict === 'not_confirmed') {
    await transact(ctx, (tx) => parkAnswer(tx, payment, invoice, 'not_confirmed'))
    return 'not_confirmed'
  }
  return verdict === 'pending' ? 'unanswered' : 'expired'
}

async function endUncreated(ctx: Ctx, apply: ApplyPayment, paymentId: string): Promise<EndOfInvoice> {
  const claim = await claimEnd(ctx, paymentId, PATIENCE_MS)
  if (claim) return endClaimed(ctx, apply, claim)
  const payment = await findPayment(ctx.sql, paymentId)
  return payment && payment.state !== 'creating' ? end(ctx, apply, payment) : 'unanswered'
}

async function endClaimed(ctx: Ctx, apply: ApplyPayment, claim: Claim): Promise<EndOfInvoice> {
  try {
    const invoice = await lookUpInvoice(ctx, claim)
    const payment = invoice ? await rememberInvoice(ctx, claim.id, invoice) : await changeState(ctx.sql, claim.id, 'failed', { closedAt: sql`app_now()` })
    if (!payment) return 'unanswered'
    return payment.state === 'failed' ? 'expired' : await end(ctx, apply, payment)
  } finally {
    await releaseClaim(ctx, claim)
  }
}
