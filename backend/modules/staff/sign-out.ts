import { and, eq, isNull, ne, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { staffSessions } from './tables.ts'

/** Ends one session. */
export async function signOut(tx: Tx, sessionId: string): Promise<void> {
  await tx.sql.update(staffSessions).set({ revokedAt: sql`app_now()` }).where(and(eq(staffSessions.id, sessionId), isNull(staffSessions.revokedAt)))
}

/** Ends all sessions of an account, but the one to keep. */
export async function signOutEverywhere(tx: Tx, staffId: string, keepSessionId?: string): Promise<void> {
  await tx.sql
    .update(staffSessions)
    .set({ revokedAt: sql`app_now()` })
    .where(and(eq(staffSessions.staffId, staffId), isNull(staffSessions.revokedAt), keepSessionId === undefined ? undefined : ne(staffSessions.id, keepSessionId)))
}
