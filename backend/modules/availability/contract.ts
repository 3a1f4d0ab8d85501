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
