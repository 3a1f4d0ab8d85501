import { eq } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { sessions } from './tables.ts'

export type Sides = { sessionId: string; conversationId: string; customerId: string; mitraId: string }

/** Whose conversations these are, by the conversation's id. */
export async function findSides(handle: Queryable, conversationIds: readonly string[]): Promise<Map<string, Sides>> {
  if (conversationIds.length === 0) return new Map()
  const rows = await handle.select({ sessionId: sessions.id, conversationId: sessions.conversationId, customerId: sessions.customerId, mitraId: sessions.mitraId })
    .from(sessions).where(isAnyOf(sessions.conversationId, conversationIds))
  return new Map(rows.flatMap(({ sessionId, conversationId, customerId, mitraId }) => (
    conversationId === null || mitraId === null ? [] : [[conversationId, { sessionId, conversationId, customerId, mitraId }] as const])))
}

/** Who is in a session; without a mitra and a conversation until somebody has accepted. */
export async function findSidesOfSession(handle: Queryable, sessionId: string): Promise<{ customerId: string; mitraId: string | null; conversationId: string | null } | undefined> {
  const [row] = await handle.select({ customerId: sessions.customerId, mitraId: sessions.mitraId, conversationId: sessions.conversationId }).from(sessions).where(eq(sessions.id, sessionId))
  return row
}
