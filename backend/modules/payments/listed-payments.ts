import { and, asc, eq, gte, inArray, isNotNull, isNull, lt, lte, or, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { sumClearing } from '../ledger/index.ts'
import { readEvent } from './inbox-rules.ts'
import { invoiceOfPostingKey } from './rules.ts'
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

/** The provider's invoices whose money is posted of these payments, and how much of each: rupiah, surplus included. */
export async function findPostedInvoices(handle: Queryable, paymentIds: readonly string[]): Promise<Map<string, Map<string, number>>> {
  const posted = new Map<string, Map<string, number>>()
  for (const { paymentId, key, totalIdr } of await sumClearing(handle, paymentIds)) {
    const invoiceId = invoiceOfPostingKey(paymentId, key)
    if (invoiceId === undefined) continue
    const ofPayment = posted.get(paymentId) ?? new Map<string, number>()
    posted.set(paymentId, ofPayment.set(invoiceId, (ofPayment.get(invoiceId) ?? 0) + totalIdr))
  }
  return posted
}

/**
 * Payments that are still open though their invoice must have ended, and that nobody has asked about since then: those
 * never asked about first, then who waits the longest.
 */
export function findOverdue(handle: Queryable, askedBefore: Date, limit: number): Promise<Payment[]> {
  return handle.select().from(payments)
    .where(and(
      eq(payments.state, 'pending'), isNotNull(payments.providerInvoiceId), lte(payments.expiresAt, sql`app_now() - make_interval(secs => ${OVERDUE_SECONDS})`),
      or(isNull(payments.askedAt), lt(payments.askedAt, askedBefore)),
    ))
    .orderBy(sql`${payments.askedAt} nulls first`, asc(payments.expiresAt)).limit(limit)
}

/** Notes that the provider is asked about these now. */
export async function noteAsked(handle: Queryable, ids: readonly string[]): Promise<void> {
  await handle.update(payments).set({ askedAt: sql`app_now()` }).where(isAnyOf(payments.id, ids))
}

/**
 * Settles parked events that the provider did not confirm when they were judged, and confirms now. `confirmed` has the
 * payment of each paid invoice (a payment may have several): an event about another invoice stays for staff.
 */
export async function settleConfirmed(handle: Queryable, confirmed: ReadonlyMap<string, string>): Promise<number> {
  if (confirmed.size === 0) return 0
  const parked = await handle.select({ id: providerInbox.id, paymentId: providerInbox.paymentId, body: providerInbox.body }).from(providerInbox)
    .where(and(eq(providerInbox.state, 'parked'), eq(providerInbox.reason, 'not_confirmed'), isAnyOf(providerInbox.paymentId, [...confirmed.values()])))
  const ids = parked.filter((row) => confirmed.get(readEvent(row.body)?.invoiceId ?? '') === row.paymentId).map((row) => row.id)
  if (ids.length === 0) return 0
  const settled = await handle.update(providerInbox).set({ state: 'applied', reason: 'healed', settledAt: sql`app_now()` })
    .where(and(inArray(providerInbox.id, ids), eq(providerInbox.state, 'parked'))).returning({ id: providerInbox.id })
  return settled.length
}
