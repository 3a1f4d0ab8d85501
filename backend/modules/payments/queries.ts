import { and, asc, eq, inArray, lte, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { payments } from './tables.ts'
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

/** Payments whose invoice could not be made in time (`invoiceCreateSeconds`); their purchases are to be given up. */
export function findUncreated(handle: Queryable, limit = 100): Promise<Payment[]> {
  return handle.select().from(payments)
    .where(and(eq(payments.state, 'creating'), lte(payments.createUntil, sql`app_now()`)))
    .orderBy(asc(payments.createUntil)).limit(limit)
}
