import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })

export const toldQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })
/**
 * `state`: queued, sent (accepted by the provider), failed, dropped; of the inbox unread or read. `title` and `body` are missing
 * for who sees people only masked, and of messages, whose words only a transcript shows.
 */
export const told = z.object({
  id, channel: z.enum(['inbox', 'push', 'email', 'sms']), kind: z.string(), template: z.string().nullable(), state: z.string(), reason: z.string().nullable(), title: z.string().optional(), body: z.string().optional(),
  createdAt: time, calledAt: time.nullable(), acceptedAt: time.nullable(), deliveredAt: time.nullable(), openedAt: time.nullable(),
})
export type ToldView = z.output<typeof told>
export const toldList = z.object({ items: z.array(told), nextCursor: z.string().nullable() })
