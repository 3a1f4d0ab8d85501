import { createHash } from 'node:crypto'
import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { providerInbox } from './tables.ts'
import type { Payment } from './types.ts'

/** What the provider says of an invoice, by its list or when asked, and our books do not. */
export type ListedDifference = {
  invoiceId: string
  externalId: string
  status: string
  amountIdr?: number | undefined
  paidIdr?: number | undefined
  currency?: string | undefined
}
export type NewParked = { listed: ListedDifference; reason: string; paymentId: string | undefined }

/** What stands in the inbox of an invoice: the same words make one event. */
export function listedOf(invoice: ProviderInvoice): ListedDifference {
  return { invoiceId: invoice.id, externalId: invoice.externalId, status: invoice.status, amountIdr: invoice.amountIdr, paidIdr: invoice.paidAmountIdr, currency: invoice.currency }
}

function bodyOf({ invoiceId, externalId, status, amountIdr, paidIdr, currency }: ListedDifference): { body: Buffer; bodySha256: Buffer } {
  const body = Buffer.from(JSON.stringify({ id: invoiceId, external_id: externalId, status: status.toUpperCase(), amount: amountIdr, paid_amount: paidIdr, currency }))
  return { body, bodySha256: createHash('sha256').update(body).digest() }
}

/**
 * What the provider answered about an invoice becomes a parked event, as if it had been told by a webhook: staff see
 * it, and may have it judged again. The same answer is parked once, and again when it comes after it was settled.
 * Answers the event's id.
 */
export async function parkAnswer(tx: Tx, payment: Payment, invoice: ProviderInvoice, reason: string): Promise<string> {
  // One that is being judged is left to who judges it.
  const unlessJudged = (then: unknown, column: unknown) => sql`case when ${providerInbox.state} = 'received' then ${column} else ${then} end`
  const [row] = await tx.sql.insert(providerInbox)
    .values({ id: tx.ids.next(), provider: payment.provider, kind: 'invoice-answer', ...bodyOf(listedOf(invoice)), state: 'parked', reason, paymentId: payment.id, settledAt: sql`app_now()` })
    .onConflictDoUpdate({
      target: [providerInbox.provider, providerInbox.kind, providerInbox.bodySha256],
      set: {
        receivedCount: sql`${providerInbox.receivedCount} + 1`,
        state: unlessJudged('parked', providerInbox.state), reason: unlessJudged(reason, providerInbox.reason), settledAt: unlessJudged(sql`app_now()`, providerInbox.settledAt),
      },
    })
    .returning({ id: providerInbox.id })
  return row!.id
}

/**
 * Differences become parked events: staff see them and may have them judged again. Answers those that were not parked
 * already, with their event: new ones, and who was settled and is back.
 */
export async function parkListed(tx: Tx, differences: readonly NewParked[]): Promise<(NewParked & { eventId: string })[]> {
  const byHash = new Map(differences.map((one) => {
    const bytes = bodyOf(one.listed)
    return [bytes.bodySha256.toString('hex'), { one, bytes }] as const
  }))
  if (byHash.size === 0) return []
  const rows = await tx.sql.insert(providerInbox)
    .values([...byHash].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, { one, bytes }]) => ({
      id: tx.ids.next(), provider: 'xendit', kind: 'invoice-listed', ...bytes, state: 'parked' as const, reason: one.reason, paymentId: one.paymentId ?? null, settledAt: sql`app_now()`,
    })))
    .onConflictDoUpdate({
      target: [providerInbox.provider, providerInbox.kind, providerInbox.bodySha256],
      set: { receivedCount: sql`${providerInbox.receivedCount} + 1`, state: 'parked', reason: sql`excluded.reason`, paymentId: sql`excluded.payment_id`, settledAt: sql`app_now()` },
      setWhere: sql`${providerInbox.state} = 'applied' or (${providerInbox.state} = 'parked' and ${providerInbox.reason} is distinct from excluded.reason)`,
    })
    .returning({ id: providerInbox.id, bodySha256: providerInbox.bodySha256 })
  return rows.map((row) => ({ ...byHash.get(row.bodySha256.toString('hex'))!.one, eventId: row.id }))
}
