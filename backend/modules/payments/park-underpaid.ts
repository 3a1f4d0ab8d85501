import { sql } from '../../platform/drizzle.ts'
import { createHash } from 'node:crypto'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { account, findPosting, post } from '../ledger/index.ts'
import { paidIdrOf, postingKeyOfPayment, UNDERPAID_FLOW } from './rules.ts'
import { providerInbox } from './tables.ts'
import type { Payment } from './types.ts'

/**
 * Less came than was asked: the money is kept in `suspense:<event>` and the event parked, once. Without a webhook
 * that told of it, what the provider answered becomes the event.
 */
export async function parkUnderpaid(ctx: Ctx, payment: Payment, invoice: ProviderInvoice, eventId?: string): Promise<void> {
  const key = postingKeyOfPayment(payment.id, invoice.id)
  await transact(ctx, async (tx) => {
    if (await findPosting(tx.sql, key)) return
    const parkedId = eventId ?? await insertAnswer(tx, payment, invoice)
    const paidIdr = paidIdrOf(invoice)
    await post(tx, {
      key, flow: UNDERPAID_FLOW, sessionId: payment.sessionId, paymentId: payment.id,
      entries: [{ account: account.providerClearing, amountIdr: -paidIdr }, { account: account.suspense(parkedId), amountIdr: paidIdr }],
    })
  })
  ctx.log.warn({ paymentId: payment.id, providerInvoiceId: invoice.id }, 'a payment was less than was asked for')
}

async function insertAnswer(tx: Tx, payment: Payment, invoice: ProviderInvoice): Promise<string> {
  const body = Buffer.from(JSON.stringify({
    id: invoice.id, external_id: invoice.externalId, status: 'PAID', amount: invoice.amountIdr, paid_amount: paidIdrOf(invoice), currency: invoice.currency,
  }))
  const [row] = await tx.sql.insert(providerInbox)
    .values({
      id: tx.ids.next(), provider: payment.provider, kind: 'invoice-answer', body, bodySha256: createHash('sha256').update(body).digest(),
      state: 'parked', reason: 'underpaid', paymentId: payment.id, settledAt: sql`app_now()`,
    })
    .onConflictDoUpdate({
      target: [providerInbox.provider, providerInbox.kind, providerInbox.bodySha256],
      set: { receivedCount: sql`${providerInbox.receivedCount} + 1` },
    })
    .returning({ id: providerInbox.id })
  return row!.id
}
