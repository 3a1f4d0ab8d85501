import { z } from 'zod'
import { earningsReply, payoutState, payoutView } from '../payouts/contract.ts'
import { dayQuery, listQuery, pageQuery, reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()
const nextCursor = z.string().nullable()
const batchState = z.enum(['draft', 'submitted', 'approved', 'rejected'])
const batchKind = z.enum(['weekly', 'requested'])

/** `needsStaff`: why a person has to look at it. */
export const payoutForStaff = payoutView.extend({
  mitraId: id, mitraName: z.string().nullable(), accountHolderMasked: z.string(), batchId: id.nullable(), requestedBy: z.enum(['mitra', 'system']),
  approvedAt: time.nullable(), reversedAt: time.nullable(), providerPayoutId: z.string().nullable(), providerStatus: z.string().nullable(), needsStaff: z.string().nullable(), sendTries: z.number().int(),
  settledReference: z.string().nullable(),
  /** What this member of staff may say became of it, as it stands. */
  outcomes: z.array(z.enum(['succeeded', 'failed', 'reversed'])),
  /** What was said waits for a second person. */
  approvalId: id.nullable(),
})
export type PayoutForStaff = z.output<typeof payoutForStaff>
export const staffPayoutsQuery = z.strictObject({
  ...listQuery, ...dayQuery, state: payoutState.optional(), mitraId: z.uuid().optional(), batchId: z.uuid().optional(), needsStaff: z.stringbool().optional(),
})
export const staffPayoutList = z.object({ items: z.array(payoutForStaff), nextCursor })

export const batchView = z.object({
  id, kind: batchKind, state: batchState, week: z.string().nullable(), amountIdr: idr, payouts: z.number().int(), madeBy: id.nullable(), madeByName: z.string().nullable(),
  createdAt: time, decidedAt: time.nullable(), approvalId: id.nullable(),
  /** What this member of staff may do with it as it stands. */
  acts: z.array(z.enum(['submit', 'reject'])),
})
export type BatchView = z.output<typeof batchView>
export const batchesQuery = z.strictObject({ ...pageQuery.shape, state: batchState.optional() })
export const batchList = z.object({ items: z.array(batchView), nextCursor })
export const batchReply = z.object({ batch: batchView })
export const makeBatchBody = z.strictObject({ kind: batchKind })
/** What the provider really did; `reference`: what proves it, as the bank or the provider names it. */
export const settlePayoutBody = z.strictObject({ outcome: z.enum(['succeeded', 'failed', 'reversed']), reference: z.string().trim().min(1).max(200), reason })
export const staffPayoutReply = z.object({ payout: payoutForStaff })
/** What a mitra is owed and may be paid out, as they see it themselves. */
export const mitraEarningsReply = z.object({ earnings: earningsReply.extend({ mitraId: id, account: z.string() }) })
export const submitBatchBody = z.strictObject({ reason })
