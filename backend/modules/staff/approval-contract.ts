import { z } from 'zod'
import { listQuery, reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const state = z.enum(['pending', 'approved', 'rejected', 'expired'])
const person = z.object({ id, name: z.string() })

export const approvalsQuery = z.strictObject({ ...listQuery, state: state.optional() })
export const decideBody = z.strictObject({ reason: reason.optional() })
export const approvalView = z.object({
  id, act: z.string(), state, targetType: z.string(), targetId: id, amountIdr: z.number().int().nullable(), reason: z.string(), payload: z.record(z.string(), z.unknown()),
  requestedBy: person, requestedAt: time, expiresAt: time, decidedBy: person.nullable(), decidedAt: time.nullable(), decisionReason: z.string().nullable(),
  /** Whose money it is about, and where it stands. */
  about: z.object({
    customerId: id.nullable(), customerName: z.string().nullable(), mitraId: id.nullable(), mitraName: z.string().nullable(), sessionId: id.nullable(), paymentId: id.nullable(), payouts: z.number().int().nullable(),
  }),
  /** What this member of staff may do with it as it stands: nobody decides on what they asked for. */
  acts: z.array(z.enum(['approve', 'reject'])),
  isOwn: z.boolean(),
})
export type ApprovalView = z.output<typeof approvalView>
export const approvalList = z.object({ items: z.array(approvalView), nextCursor: z.string().nullable() })
export const approvalReply = z.object({ approval: approvalView })
/** 202: it is done when somebody else approves it. */
export const secondReply = z.object({ approval: z.object({ id, state }) })
/** How much of each waits for a person; `approvals.own`: asked for by this member of staff, so somebody else decides. */
export const waitingReply = z.object({
  approvals: z.object({ waiting: z.number().int(), own: z.number().int() }), refunds: z.number().int(), payouts: z.number().int(), parked: z.number().int(), suspense: z.number().int(), walletHolds: z.number().int(),
})
