import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import { findTransactions } from '../ledger/index.ts'
import { findInboxEvents, findPayment, findSuspenseItems, type Payment } from '../payments/index.ts'
import { findRefund, findRefundable, findRefundsOfPayments } from '../refunds/index.ts'
import type { By } from './by.ts'
import { transactionView } from './ledger-views.ts'
import type { StaffPayment } from './refund-contract.ts'
import { mayAct } from './roles.ts'
import { claimsOf, showEvents } from './show-events.ts'
import { showRefunds } from './show-refunds.ts'
import { showSuspense } from './show-suspense.ts'

const SHOWN = 100

/** Payments with who paid, in the same order. For roles that see names. */
export async function showPayments(ctx: Ctx, rows: readonly Payment[]): Promise<StaffPayment[]> {
  const people = await findPeople(ctx.sql, rows.map((row) => row.customerId))
  return rows.map((payment) => ({
    ...payment, createdAt: payment.createdAt.toISOString(), expiresAt: payment.expiresAt.toISOString(), paidAt: payment.paidAt?.toISOString() ?? null,
    closedAt: payment.closedAt?.toISOString() ?? null, customerName: people.get(payment.customerId)?.displayName ?? null,
  }))
}

/** One payment with all that belongs to it: what the provider said, what was posted, what was given back. Throws `not_found`. */
export async function showPayment(ctx: Ctx, by: By, id: string) {
  const payment = await findPayment(ctx.sql, id)
  if (!payment) throw new AppError('not_found', 'no such payment')
  const [refundableIdr, refunds, events, transactions, suspended, [view]] = await Promise.all([
    findRefundable(ctx.sql, payment), findRefundsOfPayments(ctx.sql, [id]), findInboxEvents(ctx.sql, { paymentId: id, limit: SHOWN }, claimsOf),
    findTransactions(ctx.sql, { paymentId: id, limit: SHOWN }), findSuspenseItems(ctx.sql, { paymentId: id, limit: SHOWN }), showPayments(ctx, [payment]),
  ])
  // One request at a time waits for a decision.
  const mayRefund = refundableIdr > 0 && mayAct(by.role, 'refunds.request') && !refunds.some((refund) => refund.state === 'requested')
  return {
    payment: view!, refundableIdr, refunds: await showRefunds(ctx, by, refunds), events: showEvents(by, events.items), transactions: transactions.items.map(transactionView),
    suspended: await showSuspense(ctx, by, suspended.items), acts: mayRefund ? ['refund' as const] : [],
  }
}

/** One refund, beside the payment that it is of for who may read the ledger. Throws `not_found`. */
export async function showRefund(ctx: Ctx, by: By, id: string) {
  const refund = await findRefund(ctx.sql, id)
  if (!refund) throw new AppError('not_found', 'no such refund')
  const [view] = await showRefunds(ctx, by, [refund])
  const payment = mayAct(by.role, 'ledger.read') ? await findPayment(ctx.sql, refund.paymentId) : undefined
  if (!payment) return { refund: view!, payment: null, refundableIdr: null, transactions: [] }
  const [[shown], refundableIdr, transactions] = await Promise.all([showPayments(ctx, [payment]), findRefundable(ctx.sql, payment), findTransactions(ctx.sql, { paymentId: payment.id, limit: SHOWN })])
  const own = transactions.items.filter((transaction) => transaction.key.includes(refund.id))
  return { refund: view!, payment: shown!, refundableIdr, transactions: own.map(transactionView) }
}
