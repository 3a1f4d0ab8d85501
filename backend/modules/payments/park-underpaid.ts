import { eq } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { account, findPosting, post } from '../ledger/index.ts'
import { parkAnswer } from './park-answer.ts'
import { paidIdrOf, postingKeyOfPayment, UNDERPAID_FLOW } from './rules.ts'
import { openSuspense } from './suspense.ts'
import { payments } from './tables.ts'
import type { Payment } from './types.ts'

/**
 * Less came than was asked: the money is kept in `suspense:<event>` and the event parked, once. Without a webhook
 * that told of it, what the provider answered becomes the event.
 */
export async function parkUnderpaid(ctx: Ctx, payment: Payment, invoice: ProviderInvoice, eventId?: string): Promise<void> {
  const key = postingKeyOfPayment(payment.id, invoice.id)
  await transact(ctx, async (tx) => {
    // Two that found it out at once go one after the other: the second sees the posting.
    await tx.sql.select({ id: payments.id }).from(payments).where(eq(payments.id, payment.id)).for('update')
    if (await findPosting(tx.sql, key)) return
    const paidIdr = paidIdrOf(invoice)
    const suspense = await openSuspense(tx, {
      eventId: eventId ?? await parkAnswer(tx, payment, invoice, 'underpaid'),
      paymentId: payment.id, providerPaymentId: invoice.id, customerId: payment.customerId, amountIdr: paidIdr, reason: 'underpaid',
    })
    await post(tx, {
      key, flow: UNDERPAID_FLOW, sessionId: payment.sessionId, paymentId: payment.id,
      entries: [{ account: account.providerClearing, amountIdr: -paidIdr }, { account: suspense.account, amountIdr: paidIdr }],
    })
  })
  ctx.log.warn({ paymentId: payment.id, providerInvoiceId: invoice.id }, 'a payment was less than was asked for')
}
