import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { account } from '../ledger/index.ts'
import { findPayment, type SuspenseItem } from '../payments/index.ts'
import { SEND_REFUND } from './approve-refund.ts'
import { refunds } from './tables.ts'

/**
 * Gives back money that stood in suspense. The caller posts it from the item's account to `refunds_pending` in this
 * transaction and has two persons for it. Answers the refund's id. Throws `conflict` where no payment is known.
 */
export async function refundSuspense(tx: Tx, item: Pick<SuspenseItem, 'id' | 'paymentId' | 'amountIdr'>, decision: { requestedBy: string; decidedBy: string; reason: string }): Promise<string> {
  const payment = item.paymentId === null ? undefined : await findPayment(tx.sql, item.paymentId)
  if (!payment) throw new AppError('conflict', 'No payment is known that this money could go back by.')
  const id = tx.ids.next()
  await tx.sql.insert(refunds).values({
    id, paymentId: payment.id, sessionId: payment.sessionId, customerId: payment.customerId, state: 'approved', amountIdr: item.amountIdr, suspenseId: item.id,
    sources: [{ account: account.suspense(item.id), amountIdr: item.amountIdr }], reason: decision.reason, requestedByKind: 'staff', requestedBy: decision.requestedBy,
    decidedBy: decision.decidedBy, approvedAt: sql`app_now()`,
  })
  await writeOutbox(tx, [{ topic: SEND_REFUND, payload: { refundId: id } }])
  return id
}
