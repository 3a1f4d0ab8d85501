import { sql } from '../../platform/drizzle.ts'
import { createHash } from 'node:crypto'
import type { Tx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { providerInbox } from './tables.ts'
import type { Payment } from './types.ts'

/**
 * What the provider answered about an invoice becomes a parked event, as if it had been told by a webhook: staff see
 * it, and may have it judged again. The same answer is parked once. Answers the event's id.
 */
export async function parkAnswer(tx: Tx, payment: Payment, invoice: ProviderInvoice, reason: string): Promise<string> {
  const body = Buffer.from(JSON.stringify({
    id: invoice.id, external_id: invoice.externalId, status: invoice.status.toUpperCase(), amount: invoice.amountIdr, paid_amount: invoice.paidAmountIdr, currency: invoice.currency,
  }))
  const [row] = await tx.sql.insert(providerInbox)
    .values({
      id: tx.ids.next(), provider: payment.provider, kind: 'invoice-answer', body, bodySha256: createHash('sha256').update(body).digest(),
      state: 'parked', reason, paymentId: payment.id, settledAt: sql`app_now()`,
    })
    .onConflictDoUpdate({
      target: [providerInbox.provider, providerInbox.kind, providerInbox.bodySha256],
      set: { receivedCount: sql`${providerInbox.receivedCount} + 1` },
    })
    .returning({ id: providerInbox.id })
  return row!.id
}
