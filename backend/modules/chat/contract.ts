import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const seq = z.number().int()
/** Ids come in any case; rows and events have them in lower case. */
const uuid = z.uuid().toLowerCase()
const position = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const givenPosition = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/**
 * A message as `message:received`, pages and the HTTP twins show it: as it is now. One that was changed says by which
 * `change`; a deleted one has no text. `kind: 'system'`: nobody sent it, `code` and `data` say what happened.
 */
export const message = z.object({
  conversationId: id, seq, id, clientId: id, senderId: id.nullable(), body: z.string(), sentAt: time,
  change: seq.optional(), editedAt: time.optional(), deleted: z.literal(true).optional(),
  kind: z.literal('system').optional(), code: z.string().optional(), data: z.record(z.string(), z.unknown()).optional(),
})
export type Message = z.output<typeof message>

/** What a changed message is now, as `message:changed` and `conversation:synced` tell it. Of two of one message the higher `change` counts. */
export const change = z.object({ conversationId: id, seq, change: seq, body: z.string().optional(), editedAt: time.optional(), deleted: z.literal(true).optional() })
export type Change = z.output<typeof change>

export const conversationView = z.object({
  id, headSeq: seq, headChange: seq,
  /** One's own messages count as read by oneself. */
  readSeq: seq, peerReadSeq: seq, peerDeliveredSeq: seq,
  memberIds: z.array(id), isWritable: z.boolean(), writableUntil: time, lastMessageAt: time.nullable(), createdAt: time,
})
export type ConversationView = z.output<typeof conversationView>
export const conversationList = z.object({ items: z.array(conversationView), nextCursor: z.string().nullable() })
export const pageQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })

export const conversationParams = z.strictObject({ id: uuid })
export const messageParams = z.strictObject({ id: uuid, seq: givenPosition })
export const messagesQuery = z.strictObject({
  afterSeq: givenPosition.optional(), afterChange: givenPosition.optional(), beforeSeq: givenPosition.optional(), cursor: givenPosition.optional(), limit: z.coerce.number().int().min(1).max(100).default(20),
}).refine((query) => query.afterSeq === undefined || query.beforeSeq === undefined, { message: 'give afterSeq or beforeSeq, not both', path: ['beforeSeq'] })
  .refine((query) => query.afterChange === undefined || query.afterSeq !== undefined, { message: 'give afterSeq too', path: ['afterChange'] })
/**
 * In the order of `seq`. `changes` come with `afterChange` only, in their own order and before messages. `firstSeq` is
 * the oldest message that is still kept; `hasMore` looks in the direction asked for, at messages and changes.
 */
export const messagePage = z.object({ items: z.array(message), changes: z.array(change).optional(), headSeq: seq, headChange: seq, firstSeq: seq, hasMore: z.boolean(), nextCursor: z.string().nullable() })

/** The last word may be unfinished. `cursor` is a `nextCursor`: nothing else has a meaning. */
export const searchQuery = z.strictObject({
  q: z.string().min(1).max(100).refine((text) => !text.includes('\0') && text.isWellFormed(), { message: 'is not text' }),
  conversationId: uuid.optional(),
  cursor: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\d{1,15}$/).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})
/** With the places of its `body` where the words stand, in UTF-16 code units, `end` not included. */
export const foundMessage = message.extend({ highlights: z.array(z.object({ start: z.number().int(), end: z.number().int() })) })
export type FoundMessage = z.output<typeof foundMessage>
/** Newest conversation first, in it the newest message. A page that was long to look for may be short, even empty, and go on at `nextCursor`. */
export const searchPage = z.object({ items: z.array(foundMessage), nextCursor: z.string().nullable() })

export const sendBody = z.strictObject({ clientId: uuid, body: z.string() })
export const editBody = z.strictObject({ body: z.string() })
/** How far somebody has read or received; the reply says where they stand now. */
export const receiptBody = z.strictObject({ seq: position })
export const receiptReply = z.object({ conversationId: id, seq })

export const sendFrame = z.strictObject({ type: z.literal('message:send'), clientId: z.uuid(), conversationId: uuid, body: z.string() })
export const editFrame = z.strictObject({ type: z.literal('message:edit'), conversationId: uuid, seq: position, body: z.string() })
export const deleteFrame = z.strictObject({ type: z.literal('message:delete'), conversationId: uuid, seq: position })
export const readFrame = z.strictObject({ type: z.literal('message:read'), conversationId: uuid, seq: position })
export const deliveredFrame = z.strictObject({ type: z.literal('message:delivered'), conversationId: uuid, seq: position })
export const typingStartFrame = z.strictObject({ type: z.literal('typing:start'), conversationId: uuid })
export const typingStopFrame = z.strictObject({ type: z.literal('typing:stop'), conversationId: uuid })
export const syncFrame = z.strictObject({
  type: z.literal('sync'),
  conversations: z.array(z.strictObject({ id: uuid, afterSeq: position, afterChange: position.optional() })).max(100),
})
