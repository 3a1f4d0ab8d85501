import { z } from 'zod'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const count = z.number().int()

export const reconciliationsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })
/** `hours`: how far back is looked. */
export const reconcileBody = z.strictObject({ hours: z.number().int().min(1).max(720).default(48), reason: reason.optional() })
export const reconciliationView = z.object({
  id, scope: z.enum(['recent', 'nightly', 'asked']), from: time, until: time, askedBy: id.nullable(), listed: count, agreed: count, healed: count, parked: count, compared: count,
  unfinished: z.array(z.string()), feesUntil: time.nullable(), error: z.string().nullable(), startedAt: time, finishedAt: time.nullable(),
})
export const reconciliationList = z.object({ items: z.array(reconciliationView), nextCursor: z.string().nullable() })
export const reconciliationReply = z.object({ reconciliation: reconciliationView })
export const reconciliationDetails = z.object({
  reconciliation: reconciliationView,
  differences: z.array(z.object({
    id, kind: z.string(), providerId: z.string(), subjectId: id.nullable(), what: z.string(), outcome: z.string(), inboxEventId: id.nullable(), createdAt: time,
  })),
})
