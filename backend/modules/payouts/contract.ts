import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()

export const payoutState = z.enum(['requested', 'approved', 'sent', 'succeeded', 'failed', 'reversed'])
export const requestPayoutBody = z.strictObject({ amountIdr: z.number().int().min(1).max(1_000_000_000_000).optional() })

/** A payout as its mitra sees it. `bankAccount`: where it goes, masked. */
export const payoutView = z.object({
  id, state: payoutState, amountIdr: idr,
  bankAccount: z.object({ bankCode: z.string(), accountNumberMasked: z.string() }),
  createdAt: time, sentAt: time.optional(), settledAt: time.optional(), failureCode: z.string().optional(),
})
export type PayoutView = z.output<typeof payoutView>
export const payoutReply = z.object({ payout: payoutView })
export const payoutsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() })
export const payoutList = z.object({ items: z.array(payoutView), nextCursor: z.string().nullable() })

/** `payableIdr`: what is owed; `heldIdr`: what of it is held back for a while; `availableIdr`: what can be asked for now. */
export const earningsReply = z.object({ payableIdr: idr, heldIdr: idr, availableIdr: idr, minPayoutIdr: idr, openPayout: payoutView.optional() })
export type Earnings = z.output<typeof earningsReply>

export const earningEntriesQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().regex(/^[1-9]\d{0,14}$/).optional(),
})
export const earningEntriesReply = z.object({
  items: z.array(z.object({ id: z.string(), flow: z.string(), amountIdr: idr, sessionId: id.nullable(), at: time })),
  nextCursor: z.string().nullable(),
})

/** A month in Asia/Jakarta. */
export const statementQuery = z.strictObject({ month: z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'must be YYYY-MM').optional(), format: z.enum(['json', 'csv']).default('json') })
export const statementReply = z.object({
  month: z.string(), openingIdr: idr, earnedIdr: idr, paidOutIdr: idr, closingIdr: idr,
  items: z.array(z.object({ at: time, flow: z.string(), amountIdr: idr, sessionId: id.nullable(), payoutId: id.nullable() })),
})
export type Statement = z.output<typeof statementReply>
