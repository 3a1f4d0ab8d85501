import { z } from 'zod'

const waitSeconds = z.object({ p50: z.number(), p90: z.number() }).nullable()

/** `waitSeconds`: of somebody who would ask now; null when nobody is there to serve. `asOf`: when it was counted. */
export const availabilityReply = z.object({
  mitrasOnline: z.number(),
  mitrasFree: z.number(),
  queueLength: z.number(),
  waitSeconds,
  asOf: z.string().meta({ format: 'date-time' }),
})
export type Availability = z.output<typeof availabilityReply>

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
/** Without `mitraId`: any. */
export const notifyBody = z.strictObject({ mitraId: z.uuid().toLowerCase().optional() })
export const notifyView = z.object({ id, mitraId: id.optional(), createdAt: time, expiresAt: time })
export type NotifyView = z.output<typeof notifyView>
export const notifyReply = z.object({ request: notifyView })
export const notifyList = z.object({ items: z.array(notifyView), nextCursor: z.null() })
export const withdrawnReply = z.object({ mitraId: id.optional(), isWaiting: z.literal(false) })
