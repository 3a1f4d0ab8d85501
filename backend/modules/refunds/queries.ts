import { and, asc, count, desc, eq, inArray, isNotNull, lt, or, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import { isWithin, type TimeRange } from '../../platform/day-range.ts'
import type { Queryable } from '../../platform/database.ts'
import { refunds, type Refund } from './tables.ts'

/** Which of these sessions have a refund on its way (decided, without an outcome): their mitras are not paid out meanwhile. */
export async function findOpenRefundsOfSessions(handle: Queryable, sessionIds: readonly string[]): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set()
  // The states are literals: only so does the planner see that `refunds_open` covers them.
  const rows = await handle.selectDistinct({ sessionId: refunds.sessionId }).from(refunds)
    .where(and(isAnyOf(refunds.sessionId, sessionIds), sql`${refunds.state} in ('approved', 'pending')`))
  return new Set(rows.map((row) => row.sessionId))
}

export async function findRefund(handle: Queryable, id: string): Promise<Refund | undefined> {
  const [refund] = await handle.select().from(refunds).where(eq(refunds.id, id))
  return refund
}

/** By the provider's id, else by ours, which the provider gives back as the reference. */
export async function findRefundOf(handle: Queryable, names: { referenceId: string | undefined; providerRefundId: string }): Promise<Refund | undefined> {
  const [refund] = await handle.select().from(refunds)
    .where(or(eq(refunds.providerRefundId, names.providerRefundId), names.referenceId === undefined ? undefined : eq(refunds.id, names.referenceId)))
    .orderBy(desc(sql`coalesce(${refunds.providerRefundId} = ${names.providerRefundId}, false)`)).limit(1)
  return refund
}

/** These refunds, by id; who does not exist is not in the map. */
export async function findRefundsById(handle: Queryable, ids: readonly string[]): Promise<Map<string, Refund>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select().from(refunds).where(isAnyOf(refunds.id, ids))
  return new Map(rows.map((row) => [row.id, row]))
}

export async function lockRefund(tx: Tx, id: string): Promise<Refund | undefined> {
  const [refund] = await tx.sql.select().from(refunds).where(eq(refunds.id, id)).for('update')
  return refund
}

/** Every refund of these payments, the oldest first. */
export async function findRefundsOfPayments(handle: Queryable, paymentIds: readonly string[]): Promise<Refund[]> {
  if (paymentIds.length === 0) return []
  return handle.select().from(refunds).where(inArray(refunds.paymentId, [...paymentIds])).orderBy(asc(refunds.id))
}

/** Every refund of a session's payments, the oldest first. */
export async function findRefundsOfSession(handle: Queryable, sessionId: string): Promise<Refund[]> {
  return handle.select().from(refunds).where(eq(refunds.sessionId, sessionId)).orderBy(asc(refunds.id))
}

/** Those that were sent and have no outcome yet, as the provider has to be asked about them; the oldest first. */
export async function findRefundsToAsk(handle: Queryable, limit: number): Promise<Refund[]> {
  return handle.select().from(refunds).where(and(eq(refunds.state, 'pending'), isNotNull(refunds.providerRefundId))).orderBy(asc(refunds.id)).limit(limit)
}

/** How many wait for a person: asked for, or given up by the provider. */
export async function countRefundsForStaff(handle: Queryable): Promise<number> {
  const [row] = await handle.select({ refunds: count() }).from(refunds)
    .where(and(sql`${refunds.state} in ('requested', 'approved', 'pending')`, or(eq(refunds.state, 'requested'), isNotNull(refunds.needsStaff))))
  return row?.refunds ?? 0
}

export type RefundFilter = TimeRange & { state?: Refund['state'] | undefined; needsStaff?: boolean | undefined; paymentId?: string | undefined; customerId?: string | undefined }
type Page = RefundFilter & { cursor?: string | undefined; limit: number }

/** The newest first. `cursor` is the last id of the page before. */
export async function findRefunds(handle: Queryable, page: Page): Promise<{ items: Refund[]; nextCursor: string | null }> {
  const rows = await handle.select().from(refunds)
    .where(and(
      page.state === undefined ? undefined : eq(refunds.state, page.state),
      page.needsStaff === true ? isNotNull(refunds.needsStaff) : undefined,
      page.paymentId === undefined ? undefined : eq(refunds.paymentId, page.paymentId),
      page.customerId === undefined ? undefined : eq(refunds.customerId, page.customerId),
      isWithin(refunds.id, refunds.requestedAt, page),
      page.cursor === undefined ? undefined : lt(refunds.id, page.cursor),
    ))
    .orderBy(desc(refunds.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

/** Another one whenever a refund is asked for: for another module’s statement. */
export const refundsMark = sql`(select id from refunds order by id desc limit 1)`
