import { z } from 'zod'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const state = z.enum(['pending', 'approved', 'rejected', 'expired'])
const person = z.object({ id, name: z.string() })

export const approvalsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional(), state: state.optional() })
export const decideBody = z.strictObject({ reason: reason.optional() })
export const approvalView = z.object({
  id, act: z.string(), state, targetType: z.string(), targetId: id, amountIdr: z.number().int().nullable(), reason: z.string(), payload: z.record(z.string(), z.unknown()),
  requestedBy: person, requestedAt: time, expiresAt: time, decidedBy: person.nullable(), decidedAt: time.nullable(), decisionReason: z.string().nullable(),
})
export type ApprovalView = z.output<typeof approvalView>
export const approvalList = z.object({ items: z.array(approvalView), nextCursor: z.string().nullable() })
export const approvalReply = z.object({ approval: approvalView })
/** 202: it is done when somebody else approves it. */
export const secondReply = z.object({ approval: z.object({ id, state }) })
