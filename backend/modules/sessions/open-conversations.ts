import { and, isNull } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { sessions } from './tables.ts'

/** Which of these conversations belong to a session that has not ended: they are needed, however old. */
export async function findOpenConversations(handle: Queryable, conversationIds: readonly string[]): Promise<Set<string>> {
  const rows = await handle.select({ id: sessions.conversationId }).from(sessions).where(and(isAnyOf(sessions.conversationId, conversationIds), isNull(sessions.endedAt)))
  return new Set(rows.flatMap(({ id }) => (id === null ? [] : [id])))
}
