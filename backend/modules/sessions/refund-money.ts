import { eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPurchases } from './queries.ts'
import { sessions, type SessionState } from './tables.ts'

/** A session's state and, by purchase, what was asked for by invoice. */
export type InvoicedSession = { state: SessionState; invoiceIdrOf: ReadonlyMap<string, number> }

export async function findInvoiced(handle: Queryable, sessionId: string): Promise<InvoicedSession> {
  const [session] = await handle.select({ state: sessions.state }).from(sessions).where(eq(sessions.id, sessionId))
  if (!session) throw new Error('the session of a payment is missing')
  const bought = await findPurchases(handle, sessionId)
  return { state: session.state, invoiceIdrOf: new Map(bought.map((purchase) => [purchase.id, purchase.invoiceIdr])) }
}

/**
 * Locks a session whose money is about to move besides its own changes: who ends it meanwhile waits, and decides anew
 * where `touchSession` was called.
 */
export async function lockSession(tx: Tx, sessionId: string): Promise<void> {
  await tx.sql.select({ id: sessions.id }).from(sessions).where(eq(sessions.id, sessionId)).for('update')
}

/** Its escrow has changed: whoever has read the session before has to read it again. */
export async function touchSession(tx: Tx, sessionId: string): Promise<void> {
  await tx.sql.update(sessions).set({ version: sql`${sessions.version} + 1`, updatedAt: sql`app_now()` }).where(eq(sessions.id, sessionId))
}
