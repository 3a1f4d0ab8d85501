import { z } from 'zod'
import { pageQuery, reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const count = z.number().int()

export const reconciliationsQuery = z.strictObject({ ...pageQuery.shape, scope: z.enum(['recent', 'nightly', 'asked']).optional() })
/** `hours`: how far back is looked. */
export const reconcileBody = z.strictObject({ hours: z.number().int().min(1).max(720).default(48), reason: reason.optional() })
export const reconciliationView = z.object({
  id, scope: z.enum(['recent', 'nightly', 'asked']), from: time, until: time, askedBy: id.nullable(), askedByName: z.string().nullable(), listed: count, agreed: count, healed: count, parked: count, compared: count,
  unfinished: z.array(z.string()), feesUntil: time.nullable(), error: z.string().nullable(), startedAt: time, finishedAt: time.nullable(),
})
export const reconciliationList = z.object({ items: z.array(reconciliationView), nextCursor: z.string().nullable() })
export const reconciliationReply = z.object({ reconciliation: reconciliationView })
export const reconciliationDetails = z.object({
  reconciliation: reconciliationView,
  /** The newest first, at most 500; `isComplete`: there are no others. */
  isComplete: z.boolean(),
  differences: z.array(z.object({
    id, kind: z.string(), providerId: z.string(), subjectId: id.nullable(), what: z.string(), outcome: z.string(), inboxEventId: id.nullable(), createdAt: time,
  })),
})
