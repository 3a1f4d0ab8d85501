import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { account } from '../ledger/index.ts'
import { closeSuspense, findPayment, findSuspense } from '../payments/index.ts'
import { SEND_REFUND } from './approve-refund.ts'
import { refunds } from './tables.ts'
import { tellCustomer } from './tell-customer.ts'

/**
 * Gives money that stood in suspense back to whoever paid it; the caller has two persons for it. Answers the refund's
 * id. Throws `not_found`, and `conflict` where it is placed already or no payment is known that it could go back by.
 */
export async function refundSuspense(tx: Tx, suspenseId: string, decision: { requestedBy: string; decidedBy: string; reason: string }): Promise<string> {
  const item = await findSuspense(tx.sql, suspenseId)
  if (!item) throw new AppError('not_found', 'no money is suspended under this id')
  const payment = item.paymentId === null ? undefined : await findPayment(tx.sql, item.paymentId)
  if (!payment) throw new AppError('conflict', 'No payment is known that this money could go back by.')
  await closeSuspense(tx, item.id, { to: 'refund', account: account.refundsPending })
  const id = tx.ids.next()
  const [refund] = await tx.sql.insert(refunds).values({
    id, providerInvoiceId: item.providerPaymentId, paymentId: payment.id, sessionId: payment.sessionId, customerId: payment.customerId, state: 'approved', amountIdr: item.amountIdr, suspenseId: item.id,
    sources: [{ account: account.suspense(item.id), amountIdr: item.amountIdr }], reason: decision.reason, requestedByKind: 'staff', requestedBy: decision.requestedBy,
    decidedBy: decision.decidedBy, approvedAt: sql`app_now()`,
  }).returning()
  await tellCustomer(tx, refund!, 'approved')
  await writeOutbox(tx, [{ topic: SEND_REFUND, payload: { refundId: id } }])
  return id
}
