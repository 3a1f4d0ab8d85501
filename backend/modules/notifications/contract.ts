import { z } from 'zod'

const time = z.string().meta({ format: 'date-time' })

/** `notification` on the wire; `data.kind` says what the ids beside it belong to. */
export const notificationShape = z.object({
  id: z.string().meta({ format: 'uuid' }),
  kind: z.string(),
  title: z.string(),
  body: z.string(),
  data: z.record(z.string(), z.string()),
  createdAt: time,
  readAt: time.optional(),
})
export type NotificationView = { id: string; kind: string; title: string; body: string; data: Record<string, string>; createdAt: string; readAt?: string }

export const notificationParams = z.strictObject({ id: z.uuid() })
export const notificationQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(),
  unread: z.literal('true').optional(), kind: z.string().min(1).max(40).optional(),
})
export const notificationReply = z.object({ notification: notificationShape })
export const notificationList = z.object({ items: z.array(notificationShape), nextCursor: z.string().nullable() })
/** The most acks in one call. */
export const ACKS_MOST = 100
const ack = z.strictObject({
  pushId: z.uuid(), event: z.enum(['delivered', 'opened']),
  at: z.iso.datetime({ offset: true }).optional().meta({ description: 'When it happened, by the device’s clock; it counts only between the sending and now.' }),
})
export const acksBody = z.strictObject({ items: z.array(ack).min(1).max(ACKS_MOST) })
export type AcksBody = z.output<typeof acksBody>
export const acksReply = z.null()
/** `asOf` grows with every change: of two counts, the one with the larger is the newer. */
const unread = { count: z.number().int(), asOf: z.number().int() }
export const unreadReply = z.object(unread)
export const readUpToBody = z.strictObject({ upToId: z.uuid().meta({ description: 'The newest that the person has seen: it and all older ones are read.' }) })
export const readUpToReply = z.object({ changed: z.number().int(), ...unread })
