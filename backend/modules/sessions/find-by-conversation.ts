import { eq } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { sessions } from './tables.ts'

/** The session that this conversation is of. */
export async function findSessionOfConversation(handle: Queryable, conversationId: string): Promise<string | undefined> {
  const [row] = await handle.select({ id: sessions.id }).from(sessions).where(eq(sessions.conversationId, conversationId))
  return row?.id
}
