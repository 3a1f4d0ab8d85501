import { z } from 'zod'
import { listQuery, reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()
const nextCursor = z.string().nullable()
const day = z.iso.date()

export const suspenseQuery = z.strictObject({ ...listQuery, state: z.enum(['open', 'resolved']).optional(), paymentId: z.uuid().optional() })
export const eventParams = z.strictObject({ eventId: z.uuid() })
export const resolveSuspenseBody = z.strictObject({ to: z.enum(['wallet', 'refund', 'revenue']), reason })
/** `places`: where this member of staff may ask to have it placed, as it stands; `approvalId`: it waits for a second person. */
export const suspended = z.object({
  eventId: id, amountIdr: idr, reason: z.string(), state: z.string(), paymentId: id.nullable(), customerId: id.nullable(), customerName: z.string().nullable(), resolvedTo: z.string().nullable(),
  resolvedAt: time.nullable(), createdAt: time, places: z.array(z.enum(['wallet', 'refund', 'revenue'])), approvalId: id.nullable(),
})
export type SuspendedView = z.output<typeof suspended>
export const suspenseReply = z.object({ suspended })
export const suspenseList = z.object({ items: z.array(suspended), nextCursor })

export const walletHoldsQuery = z.strictObject({ ...listQuery, state: z.enum(['held', 'released', 'suspended']).optional() })
export const releaseBody = z.strictObject({ to: z.enum(['owner', 'suspense']), reason })
/** `places`: where this member of staff may ask to have it placed, as it stands; `approvalId`: it waits for a second person. */
const walletHold = z.object({
  id, customerId: id, ownerName: z.string().nullable(), walletIdr: idr, promoIdr: idr, earningsIdr: idr, state: z.string(), heldAt: time, settledAt: time.nullable(), suspenseId: id.nullable(),
  places: z.array(z.enum(['owner', 'suspense'])), approvalId: id.nullable(),
})
export type WalletHoldView = z.output<typeof walletHold>
export const walletHoldReply = z.object({ hold: walletHold })
export const walletHoldList = z.object({ items: z.array(walletHold), nextCursor })

export const reportParams = z.strictObject({ name: z.string().min(1).max(40) })
/** Days in Asia/Jakarta, both within. */
export const reportQuery = z.strictObject({ from: day.optional(), until: day.optional(), format: z.enum(['json', 'csv']).default('json') })
export type ReportQuery = z.output<typeof reportQuery>
export const reportReply = z.object({ name: z.string(), header: z.array(z.string()), rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))), isComplete: z.boolean() })
export type ReportReply = z.output<typeof reportReply>
/** The same over any range, by days, weeks (from Monday) or months. */
export const rolledQuery = reportQuery.extend({ group: z.enum(['day', 'week', 'month']).default('day') })
export type RolledQuery = z.output<typeof rolledQuery>
