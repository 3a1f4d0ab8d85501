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
export const notificationQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })
export const notificationReply = z.object({ notification: notificationShape })
export const notificationList = z.object({ items: z.array(notificationShape), nextCursor: z.string().nullable() })
export const unreadReply = z.object({ count: z.number().int() })
