import { z } from 'zod'
import { listQuery } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })

export const inboxQuery = z.strictObject({ ...listQuery, state: z.enum(['received', 'applied', 'parked']).optional(), paymentId: z.uuid().optional() })
/** `claims`: what it says, of which nothing is believed; `subjectId`: the refund or payout that it was about. */
export const inboxEvent = z.object({
  id, provider: z.string(), kind: z.string(), state: z.string(), reason: z.string().nullable(), paymentId: id.nullable(), subjectId: id.nullable(), receivedAt: time,
  receivedCount: z.number().int(), attempts: z.number().int(), settledAt: time.nullable(), claims: z.record(z.string(), z.unknown()).nullable(),
  acts: z.array(z.enum(['replay'])),
})
export type InboxEventView = z.output<typeof inboxEvent>
export const inboxList = z.object({ items: z.array(inboxEvent), nextCursor: z.string().nullable() })
export const inboxReply = z.object({ event: inboxEvent })
export const replayReply = z.object({ id, state: z.literal('received') })
