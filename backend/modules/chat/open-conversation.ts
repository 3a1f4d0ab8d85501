import { eq } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { announceConversation } from './members.ts'
import { conversationMembers, conversations } from './tables.ts'

/** Opens a conversation between these people; they may write until `writableUntil`. */
export async function openConversation(tx: Tx, conversation: { id: string; memberIds: readonly string[]; writableUntil: Date }): Promise<void> {
  await tx.sql.insert(conversations).values({ id: conversation.id, writableUntil: conversation.writableUntil })
  await tx.sql.insert(conversationMembers).values(conversation.memberIds.map((userId) => ({ conversationId: conversation.id, userId })))
  tx.afterCommit((ctx) => announceConversation(ctx, conversation.id))
}

/** Moves the time until which the members may write, in the transaction that moves the session's own times. */
export async function setWritableUntil(tx: Tx, conversationId: string, until: Date): Promise<void> {
  // What is written from then on has not been among its words.
  await tx.sql.update(conversations).set({ writableUntil: until, hasWords: false }).where(eq(conversations.id, conversationId))
  tx.afterCommit((ctx) => announceConversation(ctx, conversationId))
}

/** Whether a conversation whose time is up is refused as `time_is_up` (more time may come) or as `conversation_closed`. */
export async function setMayReopen(tx: Tx, conversationId: string, mayReopen: boolean): Promise<void> {
  await tx.sql.update(conversations).set({ mayReopen }).where(eq(conversations.id, conversationId))
  tx.afterCommit((ctx) => announceConversation(ctx, conversationId))
}
