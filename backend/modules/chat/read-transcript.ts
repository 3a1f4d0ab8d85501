import { and, desc, eq, gt, isNotNull } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { messages } from './tables.ts'

export type TranscriptLine = { seq: number; senderId: string | null; body: string | null; sentAt: Date }

/** The newest messages of a conversation as they are now, oldest first; for whoever may read what others wrote. */
export async function readTranscript(handle: Queryable, conversationId: string, limit: number): Promise<TranscriptLine[]> {
  const rows = await handle.select({ seq: messages.seq, senderId: messages.senderId, body: messages.body, sentAt: messages.sentAt })
    .from(messages).where(eq(messages.conversationId, conversationId)).orderBy(desc(messages.seq)).limit(limit)
  return rows.toReversed()
}

/** The same from `afterSeq` on, a page at a time; `next` is where the next one begins, if there is one. */
export async function readTranscriptPage(handle: Queryable, conversationId: string, page: { afterSeq: number; limit: number }): Promise<{ lines: TranscriptLine[]; next: number | undefined }> {
  const rows = await handle.select({ seq: messages.seq, senderId: messages.senderId, body: messages.body, sentAt: messages.sentAt })
    .from(messages).where(and(eq(messages.conversationId, conversationId), gt(messages.seq, page.afterSeq))).orderBy(messages.seq).limit(page.limit + 1)
  const lines = rows.slice(0, page.limit)
  return { lines, next: rows.length > page.limit ? lines.at(-1)!.seq : undefined }
}

export type SystemNote = { seq: number; at: Date; code: string; data: Record<string, unknown> }

/** What the system said in a conversation, the oldest first. */
export async function findSystemNotes(handle: Queryable, conversationId: string): Promise<SystemNote[]> {
  const rows = await handle.select({ seq: messages.seq, at: messages.sentAt, code: messages.code, data: messages.data })
    .from(messages).where(and(eq(messages.conversationId, conversationId), isNotNull(messages.code))).orderBy(messages.seq)
  return rows.map(({ code, data, ...row }) => ({ ...row, code: code ?? '', data: data ?? {} }))
}
