import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../platform/ctx.ts'
import { conversationMembers, conversations } from './tables.ts'

/** Opens a conversation for these members, in the caller's transaction. Writable until `writableUntil`. */
export async function openConversation(tx: Tx, input: { id: string; memberIds: readonly string[]; writableUntil: Date }): Promise<void> {
  await tx.sql.insert(conversations).values({ id: input.id, writableUntil: input.writableUntil, createdAt: sql`app_now()` })
  await tx.sql.insert(conversationMembers).values(input.memberIds.map((userId) => ({ conversationId: input.id, userId })))
}

/** Moves the time from which sends are refused, in the caller's transaction. */
export async function setWritableUntil(tx: Tx, conversationId: string, until: Date): Promise<void> {
  await tx.sql.update(conversations).set({ writableUntil: until }).where(eq(conversations.id, conversationId))
}
