import { and, asc, desc, eq, inArray, lt, lte, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import { isWithin, type TimeRange } from '../../platform/day-range.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { payments, suspenseItems } from './tables.ts'
import type { Payment } from './types.ts'

export async function findPayment(handle: Queryable, id: string): Promise<Payment | undefined> {
  const [payment] = await handle.select().from(payments).where(eq(payments.id, id))
  return payment
}

/** The payments of these sessions for their own packages, a session's oldest first; those for something else by its `kinds`. */
export async function findPaymentsOfSessions(handle: Queryable, sessionIds: readonly string[], kinds: readonly Payment['kind'][] = ['session']): Promise<Payment[]> {
  if (sessionIds.length === 0) return []
  return handle.select().from(payments).where(and(inArray(payments.sessionId, [...sessionIds]), inArray(payments.kind, [...kinds]))).orderBy(asc(payments.sessionId), asc(payments.id))
}

/** The channels that these payments came by; one that nobody told of is not in the map. */
export async function findChannels(handle: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select({ id: payments.id, channel: payments.channel }).from(payments).where(isAnyOf(payments.id, ids))
  return new Map(rows.flatMap(({ id, channel }) => (channel === null ? [] : [[id, channel]])))
}

/** The payment that was made for this purchase or tip. */
export async function findPaymentOfPurchase(handle: Queryable, purchaseId: string): Promise<Payment | undefined> {
  const [payment] = await handle.select().from(payments).where(eq(payments.purchaseId, purchaseId))
  return payment
}

/** Payments whose invoice could not be made in time (`invoiceCreateSeconds`); their purchases are to be given up. */
export function findUncreated(handle: Queryable, limit = 100): Promise<Payment[]> {
  return handle.select().from(payments)
    .where(and(eq(payments.state, 'creating'), lte(payments.createUntil, sql`app_now()`)))
    .orderBy(asc(payments.createUntil)).limit(limit)
}

/** The payment, and nobody changes it or refunds it until the commit. */
export async function lockPayment(tx: Tx, id: string): Promise<Payment | undefined> {
  const [payment] = await tx.sql.select().from(payments).where(eq(payments.id, id)).for('update')
  return payment
}

/** Money of a payment that stands in suspense, also by the invoice that it came by (null: not known), and what of it staff have given to the wallet. Rupiah. */
export async function sumSuspense(handle: Queryable, paymentId: string): Promise<{ openIdr: number; openOf: Map<string | null, number>; toWalletIdr: number }> {
  const items = await handle.select({ invoiceId: suspenseItems.providerPaymentId, amountIdr: suspenseItems.amountIdr, state: suspenseItems.state, resolvedTo: suspenseItems.resolvedTo })
    .from(suspenseItems).where(eq(suspenseItems.paymentId, paymentId))
  const of = (isMeant: (item: (typeof items)[number]) => boolean) => items.filter(isMeant).reduce((sum, item) => sum + item.amountIdr, 0)
  const openOf = new Map<string | null, number>()
  for (const item of items) if (item.state === 'open') openOf.set(item.invoiceId, (openOf.get(item.invoiceId) ?? 0) + item.amountIdr)
  return { openIdr: of((item) => item.state === 'open'), openOf, toWalletIdr: of((item) => item.resolvedTo === 'wallet') }
}

export type PaymentFilter = TimeRange & {
  state?: Payment['state'] | undefined
  kind?: Payment['kind'] | undefined
  sessionId?: string | undefined
  customerId?: string | undefined
  /** The provider's id of the invoice, whole. */
  providerInvoiceId?: string | undefined
}
type Page = PaymentFilter & { cursor?: string | undefined; limit: number }

/** The newest first. `cursor` is the last id of the page before. */
export async function findPayments(handle: Queryable, page: Page): Promise<{ items: Payment[]; nextCursor: string | null }> {
  const rows = await handle.select().from(payments)
    .where(and(
      page.state === undefined ? undefined : eq(payments.state, page.state),
      page.kind === undefined ? undefined : eq(payments.kind, page.kind),
      page.sessionId === undefined ? undefined : eq(payments.sessionId, page.sessionId),
      page.customerId === undefined ? undefined : eq(payments.customerId, page.customerId),
      page.providerInvoiceId === undefined ? undefined : eq(payments.providerInvoiceId, page.providerInvoiceId),
      isWithin(payments.id, payments.createdAt, page),
      page.cursor === undefined ? undefined : lt(payments.id, page.cursor),
    ))
    .orderBy(desc(payments.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

/** Another one whenever a payment is made: for another module’s statement. */
export const paymentsMark = sql`(select id from payments order by id desc limit 1)`

/** Another one whenever money is suspended. */
export const suspenseMark = sql`(select id from suspense_items order by id desc limit 1)`

/** Another one whenever an event is parked, or one that was is not any more. */
export const parkedMark = sql`(select count(*) from provider_inbox where state = 'parked')`
