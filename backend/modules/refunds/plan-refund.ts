import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { account, findPostingsOfSession, findWalletAccount, lockBalance, sumAccount } from '../ledger/index.ts'
import { findPayment, lockPayment, sumSuspense, type Payment } from '../payments/index.ts'
import { findInvoiced, lockSession, type SessionState } from '../sessions/index.ts'
import { factsOf, leftOfInvoices } from './facts.ts'
import { findRefundsOfPayments, lockRefund } from './queries.ts'
import { needsSecond, pickInvoice, planSources, refundableIdr, type Facts, type Source } from './rules.ts'
import type { Refund } from './tables.ts'

export type Wanted = {
  paymentId: string
  /** Left out: all that can still be given back. */
  amountIdr?: number | undefined
  clawback: boolean
  method: 'provider' | 'manual'
  /** The refund that is decided on, where it stands already: locked in its turn. */
  refundId?: string | undefined
}
export type Plan = { payment: Payment; refund: Refund | undefined; amountIdr: number; sources: Source[]; needsSecond: boolean; invoiceId: string | undefined }

/** What of a payment can still be given back, as it looks now. */
export async function findRefundable(handle: Queryable, payment: Payment): Promise<number> {
  const { facts } = await gather(handle, payment, (name) => sumAccount(handle, name))
  return refundableIdr(facts)
}

/**
 * Decides out of what a refund would be paid, under the locks that keep it true until the commit: the session, the
 * payment, the wallet. Throws `not_found`, `session_state_conflict` while the session can still be cancelled, and
 * `refund_exceeds`.
 */
export async function planRefund(tx: Tx, wanted: Wanted): Promise<Plan> {
  const found = await findPayment(tx.sql, wanted.paymentId)
  if (!found) throw new AppError('not_found', 'no such payment')
  await lockSession(tx, found.sessionId)
  const payment = await lockPayment(tx, wanted.paymentId)
  if (!payment) throw new AppError('not_found', 'no such payment')
  const refund = wanted.refundId === undefined ? undefined : await lockRefund(tx, wanted.refundId)
  const { facts, state, leftOf } = await gather(tx.sql, payment, (name) => lockBalance(tx, name))
  if (BEFORE.includes(state)) throw new AppError('session_state_conflict', 'The session has not begun: cancel it, and the money goes to the wallet.')
  // The provider gives back what came by one invoice: what came by another is a refund of its own.
  const most = wanted.method === 'manual' ? refundableIdr(facts) : Math.min(refundableIdr(facts), Math.max(0, ...leftOf.values()))
  const amountIdr = wanted.amountIdr ?? most
  if (amountIdr > most || amountIdr <= 0) throw new AppError('refund_exceeds', `At most Rp ${most} of this payment can be given back.`)
  const sources = planSources(facts, amountIdr, wanted.clawback)
  return {
    payment, refund, amountIdr, sources, invoiceId: pickInvoice(leftOf, payment.providerInvoiceId, amountIdr),
    needsSecond: needsSecond({ amountIdr, refundedIdr: facts.refundedIdr, sources, method: wanted.method }, tx.settings.get('refundAloneMaxIdr')),
  }
}

const BEFORE: readonly SessionState[] = ['queued', 'held', 'ringing']

async function gather(handle: Queryable, payment: Payment, readBalance: (name: string) => Promise<number>): Promise<{ facts: Facts; state: SessionState; leftOf: Map<string, number> }> {
  const held = await findWalletAccount(handle, payment.customerId, payment.createdAt)
  // What staff have placed elsewhere can't be given back out of the wallet of the number's new owner.
  const [walletAccount, walletIdr] = held === undefined ? [account.wallet(payment.customerId), 0] : [held, await readBalance(held)]
  const { state, invoiceIdrOf } = await findInvoiced(handle, payment.sessionId)
  const [postings, refunds, suspense] = [
    await findPostingsOfSession(handle, payment.sessionId), await findRefundsOfPayments(handle, [payment.id]), await sumSuspense(handle, payment.id),
  ]
  const leftOf = leftOfInvoices({ payment, postings, refunds, suspense })
  return { state, leftOf, facts: factsOf({ payment, purchaseId: payment.purchaseId, invoiceIdr: invoiceIdrOf.get(payment.purchaseId) ?? 0, postings, refunds, suspense, walletIdr, walletAccount }) }
}
