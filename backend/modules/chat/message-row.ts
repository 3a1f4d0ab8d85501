import { sql } from '../../platform/drizzle.ts'
import type { Change, Message } from './contract.ts'

/** What `toMessage` reads, of messages called `o`. */
export const MESSAGE_COLUMNS = sql.raw(`o.seq, o.id, o.client_id, o.sender_id, o.body, o.code, o.data, o.change, o.deleted_at is not null as is_deleted,
  extract(epoch from o.sent_at) * 1000 as sent_ms, extract(epoch from o.edited_at) * 1000 as edited_ms`)

export type MessageRow = {
  seq: string; id: string; client_id: string; sender_id: string | null; body: string | null; code: string | null; data: Record<string, unknown> | null
  change: string | null; is_deleted: boolean; sent_ms: string; edited_ms: string | null
}

/** A message as it is now. One that nobody changed has its seven fields and no more. */
export function toMessage(conversationId: string, row: MessageRow): Message {
  const message: Message = {
    conversationId, seq: Number(row.seq), id: row.id, clientId: row.client_id, senderId: row.sender_id, body: row.body ?? '', sentAt: toTime(row.sent_ms),
  }
  if (row.code !== null && row.data !== null) Object.assign(message, { kind: 'system', code: row.code, data: row.data } satisfies Partial<Message>)
  if (row.change !== null) Object.assign(message, stateOf(row, row.change))
  return message
}

/** The last change of a changed message: what to show of it now. */
export function toChange(conversationId: string, row: MessageRow): Change {
  const state = stateOf(row, row.change ?? '0')
  return { conversationId, seq: Number(row.seq), ...state, ...(state.deleted ? {} : { body: row.body ?? '' }) }
}

/** `message:changed` of a message that was changed. */
export function changeOf({ conversationId, seq, body, change = 0, editedAt, deleted }: Message): Change {
  if (deleted) return { conversationId, seq, change, deleted }
  return { conversationId, seq, change, ...(editedAt === undefined ? {} : { editedAt }), body }
}

function stateOf(row: MessageRow, change: string): Pick<Change, 'change' | 'editedAt' | 'deleted'> {
  if (row.is_deleted) return { change: Number(change), deleted: true }
  return { change: Number(change), ...(row.edited_ms === null ? {} : { editedAt: toTime(row.edited_ms) }) }
}

const toTime = (ms: string) => new Date(Number(ms)).toISOString()
