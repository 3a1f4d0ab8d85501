import { and, asc, eq, gte, inArray, isNotNull, lte, lt, sql } from '../../platform/drizzle.ts'
import { createHash } from 'node:crypto'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { readEvent } from './inbox-rules.ts'
import { payments, providerInbox } from './tables.ts'
import type { Payment } from './types.ts'

/** A payment whose invoice should have ended so long ago is asked about by reconciliation. */
const OVERDUE_SECONDS = 300

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Our payments among what the provider lists; its external ids are anybody's text. */
export async function findListedPayments(handle: Queryable, externalIds: readonly string[]): Promise<Map<string, Payment>> {
  const ids = externalIds.filter((id) => UUID.test(id))
  if (ids.length === 0) return new Map()
  const rows = await handle.select().from(payments).where(inArray(payments.id, ids))
  return new Map(rows.map((row) => [row.id, row]))
}

/** Payments that we took for paid in this time, the oldest first. */
export function findPaidBetween(handle: Queryable, from: Date, until: Date, page: { after?: string | undefined; limit: number }): Promise<Payment[]> {
  return handle.select().from(payments)
    .where(and(eq(payments.state, 'paid'), gte(payments.paidAt, from), lt(payments.paidAt, until), page.after === undefined ? undefined : sql`${payments.id} > ${page.after}`))
    .orderBy(asc(payments.id)).limit(page.limit)
}

/** Payments that are still open though their invoice must have ended. */
export function findOverdue(handle: Queryable, limit: number): Promise<Payment[]> {
  return handle.select().from(payments)
    .where(and(eq(payments.state, 'pending'), isNotNull(payments.providerInvoiceId), lte(payments.expiresAt, sql`app_now() - make_interval(secs => ${OVERDUE_SECONDS})`)))
    .orderBy(asc(payments.expiresAt)).limit(limit)
}

/**
 * Settles parked events that the provider did not confirm when they were judged, and confirms now. `invoices` has the
 * paid invoice of each payment: an event about another invoice stays for staff.
 */
export async function settleConfirmed(handle: Queryable, invoices: ReadonlyMap<string, string>): Promise<number> {
  if (invoices.size === 0) return 0
  const parked = await handle.select({ id: providerInbox.id, paymentId: providerInbox.paymentId, body: providerInbox.body }).from(providerInbox)
    .where(and(eq(providerInbox.state, 'parked'), eq(providerInbox.reason, 'not_confirmed'), inArray(providerInbox.paymentId, [...invoices.keys()])))
  const ids = parked.filter((row) => readEvent(row.body)?.invoiceId === invoices.get(row.paymentId!)).map((row) => row.id)
  if (ids.length === 0) return 0
  const settled = await handle.update(providerInbox).set({ state: 'applied', reason: 'healed', settledAt: sql`app_now()` })
    .where(and(inArray(providerInbox.id, ids), eq(providerInbox.state, 'parked'))).returning({ id: providerInbox.id })
  return settled.length
}

/** What the provider's list says and our books do not. */
export type ListedDifference = { invoiceId: string; externalId: string; status: string; amountIdr?: number | undefined; paidIdr?: number | undefined; currency?: string | undefined }

/** A difference becomes a parked event, as if a webhook had told of it: staff see it and may have it judged again. Answers its id. */
export async function parkListed(tx: Tx, listed: ListedDifference, reason: string, paymentId: string | undefined): Promise<string> {
  const body = Buffer.from(JSON.stringify({
    id: listed.invoiceId, external_id: listed.externalId, status: listed.status.toUpperCase(), amount: listed.amountIdr, paid_amount: listed.paidIdr, currency: listed.currency,
  }))
  const [row] = await tx.sql.insert(providerInbox)
    .values({
      id: tx.ids.next(), provider: 'xendit', kind: 'invoice-listed', body, bodySha256: createHash('sha256').update(body).digest(),
      state: 'parked', reason, paymentId: paymentId ?? null, settledAt: sql`app_now()`,
    })
    .onConflictDoUpdate({
      target: [providerInbox.provider, providerInbox.kind, providerInbox.bodySha256],
      set: { receivedCount: sql`${providerInbox.receivedCount} + 1` },
    })
    .returning({ id: providerInbox.id })
  return row!.id
}
