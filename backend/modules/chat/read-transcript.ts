import { desc, eq } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { messages } from './tables.ts'

export type TranscriptLine = { seq: number; senderId: string | null; body: string | null; sentAt: Date }

/** The newest messages of a conversation as they are now, oldest first; for whoever may read what others wrote. */
export async function readTranscript(handle: Queryable, conversationId: string, limit: number): Promise<TranscriptLine[]> {
  const rows = await handle.select({ seq: messages.seq, senderId: messages.senderId, body: messages.body, sentAt: messages.sentAt })
    .from(messages).where(eq(messages.conversationId, conversationId)).orderBy(desc(messages.seq)).limit(limit)
  return rows.toReversed()
}
