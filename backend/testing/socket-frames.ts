import { z } from 'zod'
import {
  change, conversationView, deleteFrame, deliveredFrame, editFrame, message, readFrame, sendFrame, syncFrame, typingStartFrame, typingStopFrame,
} from '../modules/chat/contract.ts'
import { statusView } from '../modules/mitras/contract.ts'
import { notificationShape } from '../modules/notifications/contract.ts'
import { offerView, sessionView } from '../modules/sessions/contract.ts'
import { ERROR_KINDS, type ErrorCode } from '../platform/errors.ts'
import { PRESENCE_STATES } from '../platform/realtime/presence-states.ts'

const id = z.uuid()
const time = z.iso.datetime({ precision: 3 })
const seq = z.number().int().min(0)
const code = z.enum(Object.keys(ERROR_KINDS) as [ErrorCode]) // never empty
const frame = <T extends string, S extends z.ZodRawShape>(type: T, fields: S) => z.strictObject({ type: z.literal(type), ...fields })
const presence = (state: string) => frame(`presence:${state}`, { userId: id })

/**
 * Every frame that the server sends, by its type: what the page for app developers and the server itself are held to.
 * A frame fits when it is parsed to itself: what a schema does not know would be stripped.
 */
export const SERVER_FRAMES: Record<string, z.ZodType> = {
  authenticated: frame('authenticated', { userId: id, kind: z.enum(['customer', 'mitra']), serverTime: time, heartbeatSeconds: z.number().int(), reconnectAfterMs: z.number().int().min(0) }),
  ready: frame('ready', {
    sessions: z.array(sessionView), offers: z.array(offerView), hasMore: z.boolean(),
    conversations: z.array(conversationView.pick({ id: true, headSeq: true, headChange: true, readSeq: true, peerReadSeq: true, peerDeliveredSeq: true })),
  }),
  heartbeat: frame('heartbeat', {
    serverTime: time, conversations: z.array(z.strictObject({ id, headSeq: seq, headChange: seq })), sessions: z.array(z.strictObject({ id, version: seq })), offers: z.array(id),
  }),
  'message:ack': frame('message:ack', { clientId: z.string(), conversationId: id, id, seq, sentAt: time }),
  'message:rejected': frame('message:rejected', { clientId: z.string(), code, detail: z.string() }),
  'message:received': frame('message:received', message.shape),
  'message:changed': frame('message:changed', change.shape),
  'message:read': frame('message:read', { conversationId: id, seq, userId: id }),
  'message:delivered': frame('message:delivered', { conversationId: id, seq, userId: id }),
  'typing:start': frame('typing:start', { conversationId: id, userId: id }),
  'typing:stop': frame('typing:stop', { conversationId: id, userId: id }),
  'conversation:synced': frame('conversation:synced', {
    conversationId: id, messages: z.array(message), changes: z.array(change), headSeq: seq, headChange: seq, firstSeq: seq, hasMore: z.boolean(),
  }),
  ...Object.fromEntries([...PRESENCE_STATES, 'offline'].map((state) => [`presence:${state}`, presence(state)])),
  'session:updated': frame('session:updated', { session: sessionView }),
  'offer:created': frame('offer:created', { offer: offerView }),
  'offer:ended': frame('offer:ended', { offerId: id, outcome: z.enum(['accepted', 'declined', 'expired', 'withdrawn']) }),
  'notification:created': frame('notification:created', { notification: notificationShape }),
  'notification:read': z.union([frame('notification:read', { ids: z.array(id).min(1) }), frame('notification:read', { upToId: id })]),
  'notification:deleted': frame('notification:deleted', { ids: z.array(id).min(1) }),
  'notification:unread': frame('notification:unread', { count: seq, asOf: seq }),
  'mitra:status': frame('mitra:status', { status: statusView }),
  'config:updated': frame('config:updated', {
    minVersion: z.string(), latestVersion: z.string(), maintenance: z.boolean(), maintenanceMessages: z.strictObject({ id: z.string(), en: z.string() }).nullable(), maintenanceUntil: time.nullable(),
    features: z.strictObject({ payments: z.boolean(), signUp: z.boolean(), newSessions: z.boolean() }),
    terms: z.strictObject({ version: z.string(), url: z.url() }), support: z.strictObject({ url: z.url() }),
  }),
  error: frame('error', { code, detail: z.string(), of: z.string().optional(), conversationId: id.optional(), seq: seq.optional() }),
}

/** Every frame that a client may send: the chat's by its own contract, the platform's by their rules. */
export const CLIENT_FRAMES: Record<string, z.ZodType> = {
  authenticate: frame('authenticate', { token: z.string().min(1) }),
  heartbeat: frame('heartbeat', {}),
  'presence:set': frame('presence:set', { state: z.enum(PRESENCE_STATES) }),
  'message:send': sendFrame, 'message:edit': editFrame, 'message:delete': deleteFrame, 'message:read': readFrame, 'message:delivered': deliveredFrame,
  'typing:start': typingStartFrame, 'typing:stop': typingStopFrame, sync: syncFrame,
}

/** What is wrong with a frame; undefined where nothing is. */
export function misfit(schemas: Record<string, z.ZodType>, given: { type: string }): string | undefined {
  const parsed = schemas[given.type]?.safeParse(given)
  if (parsed === undefined) return `there is no frame ${given.type}`
  if (!parsed.success) return z.prettifyError(parsed.error)
  return sorted(parsed.data) === sorted(given) ? undefined : `it has fields that ${given.type} does not know`
}

// Fields in one order, whatever the order of a schema.
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1))) : inner))
}
