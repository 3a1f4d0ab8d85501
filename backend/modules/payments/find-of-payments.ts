import { asc, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { providerInbox } from './tables.ts'

export type ProviderEvent = { id: string; at: Date; kind: string; state: string; reason: string | null; paymentId: string; receivedCount: number; settledAt: Date | null }

const MOST = 200

/** What the provider told of these payments, and what became of it, the oldest first; at most 200. */
export async function findEventsOfPayments(handle: Queryable, paymentIds: readonly string[]): Promise<ProviderEvent[]> {
  if (paymentIds.length === 0) return []
  const rows = await handle.select({
    id: providerInbox.id, at: providerInbox.receivedAt, kind: providerInbox.kind, state: providerInbox.state, reason: providerInbox.reason,
    paymentId: sql<string>`${providerInbox.paymentId}`, receivedCount: providerInbox.receivedCount, settledAt: providerInbox.settledAt,
  }).from(providerInbox).where(isAnyOf(providerInbox.paymentId, paymentIds)).orderBy(asc(providerInbox.receivedAt)).limit(MOST)
  return rows
}
