import { and, desc, eq, isNull, lt, or } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { account } from '../ledger/index.ts'
import { suspenseItems } from './tables.ts'
import type { SuspenseItem } from './types.ts'

export type NewSuspense = Pick<SuspenseItem, 'paymentId' | 'providerPaymentId' | 'customerId' | 'amountIdr' | 'reason'> & {
  /** The event of the inbox that told of the money, where one did. */
  eventId?: string | undefined
}

/**
 * Writes down money that staff have to place. The caller posts it to `account` in this transaction, under a key of its
 * own, and does neither twice.
 */
export async function openSuspense(tx: Tx, { eventId, ...item }: NewSuspense): Promise<{ id: string; account: string }> {
  const id = eventId ?? tx.ids.next()
  await tx.sql.insert(suspenseItems).values({ ...item, id })
  return { id, account: account.suspense(id) }
}

export async function findSuspense(handle: Queryable, id: string): Promise<SuspenseItem | undefined> {
  const [item] = await handle.select().from(suspenseItems).where(eq(suspenseItems.id, id))
  return item
}

/** These sums, by id. */
export async function findSuspenseById(handle: Queryable, ids: readonly string[]): Promise<Map<string, SuspenseItem>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select().from(suspenseItems).where(isAnyOf(suspenseItems.id, ids))
  return new Map(rows.map((row) => [row.id, row]))
}

/** Money that waits for staff, or did; the newest first. `cursor` is the last id of the page before. */
export async function findSuspenseItems(handle: Queryable, page: { state?: SuspenseItem['state'] | undefined; paymentId?: string | undefined; cursor?: string | undefined; limit: number }): Promise<{ items: SuspenseItem[]; nextCursor: string | null }> {
  const rows = await handle.select().from(suspenseItems)
    .where(and(page.state === undefined ? undefined : eq(suspenseItems.state, page.state), page.paymentId === undefined ? undefined : eq(suspenseItems.paymentId, page.paymentId), page.cursor === undefined ? undefined : lt(suspenseItems.id, page.cursor)))
    .orderBy(desc(suspenseItems.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

/** Whether the too small sum that came for a payment waits for staff still. */
export async function isUnderpaidOpen(handle: Queryable, paymentId: string, providerPaymentId: string): Promise<boolean> {
  const rows = await handle.select({ id: suspenseItems.id }).from(suspenseItems).where(and(
    eq(suspenseItems.paymentId, paymentId),
    // What was in suspense before its items were written down tells of no invoice.
    or(isNull(suspenseItems.providerPaymentId), eq(suspenseItems.providerPaymentId, providerPaymentId)),
    eq(suspenseItems.reason, 'underpaid'), eq(suspenseItems.state, 'open'),
  ))
  return rows.length > 0
}

export async function countOpenSuspense(handle: Queryable): Promise<number> {
  return handle.$count(suspenseItems, eq(suspenseItems.state, 'open'))
}
