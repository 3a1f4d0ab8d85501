import { z } from 'zod'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()
const nextCursor = z.string().nullable()
const page = { limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() }
const day = z.iso.date()

export const suspenseQuery = z.strictObject({ ...page, state: z.enum(['open', 'resolved']).optional() })
export const eventParams = z.strictObject({ eventId: z.uuid() })
export const resolveSuspenseBody = z.strictObject({ to: z.enum(['wallet', 'refund', 'revenue']), reason })
export const suspenseList = z.object({
  items: z.array(z.object({
    eventId: id, amountIdr: idr, reason: z.string(), state: z.string(), paymentId: id.nullable(), customerId: id.nullable(), resolvedTo: z.string().nullable(),
    resolvedAt: time.nullable(), createdAt: time,
  })),
  nextCursor,
})

export const walletHoldsQuery = z.strictObject({ ...page, state: z.enum(['held', 'released', 'suspended']).optional() })
export const releaseBody = z.strictObject({ to: z.enum(['owner', 'suspense']), reason })
export const walletHoldList = z.object({
  items: z.array(z.object({
    id, customerId: id, walletIdr: idr, promoIdr: idr, earningsIdr: idr, state: z.string(), heldAt: time, settledAt: time.nullable(), suspenseId: id.nullable(),
  })),
  nextCursor,
})

export const transactionsQuery = z.strictObject({
  ...page, account: z.string().min(1).max(80).optional(), sessionId: z.uuid().optional(), paymentId: z.uuid().optional(), flow: z.string().min(1).max(80).optional(),
})
const transaction = z.object({
  id, key: z.string(), flow: z.string(), sessionId: id.nullable(), paymentId: id.nullable(), at: time, entries: z.array(z.object({ account: z.string(), amountIdr: idr })),
})
export const transactionList = z.object({ items: z.array(transaction), nextCursor })
export const transactionReply = z.object({ transaction })
export const balancesReply = z.object({ items: z.array(z.object({ account: z.string(), balanceIdr: idr })), totalIdr: idr })
export const checkReply = z.object({
  ok: z.boolean(), driftIdr: idr, problems: z.array(z.string()), checkedAt: time.nullable(), tookMs: z.number().int().nullable(),
})

export const reportParams = z.strictObject({ name: z.string().min(1).max(40) })
/** Days in Asia/Jakarta, both within. */
export const reportQuery = z.strictObject({ from: day.optional(), until: day.optional(), format: z.enum(['json', 'csv']).default('json') })
export type ReportQuery = z.output<typeof reportQuery>
export const reportReply = z.object({ name: z.string(), header: z.array(z.string()), rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))), isComplete: z.boolean() })
