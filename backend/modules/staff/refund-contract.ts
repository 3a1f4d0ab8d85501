import { z } from 'zod'
import { refundState } from '../refunds/index.ts'
import { reason } from './contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()
const amount = z.int().min(1).max(1_000_000_000)
const method = z.enum(['provider', 'manual'])
const page = { limit: z.coerce.number().int().min(1).max(100).default(20), cursor: z.uuid().optional() }

export const refundsQuery = z.strictObject({ ...page, state: refundState.optional(), paymentId: z.uuid().optional(), customerId: z.uuid().optional(), needsStaff: z.stringbool().optional() })
/** `amountIdr` left out: all that can still be given back. `clawback`: the mitra's share too, before the platform's revenue. */
export const createRefundBody = z.strictObject({ paymentId: z.uuid(), amountIdr: amount.optional(), clawback: z.boolean().default(false), method: method.default('provider'), reason })
export const approveRefundBody = z.strictObject({ amountIdr: amount.optional(), clawback: z.boolean().optional(), method: method.optional(), reason: reason.optional() })
/** `reference`: what proves it, as the bank names it. */
export const settleRefundBody = z.strictObject({ outcome: z.enum(['succeeded', 'failed']), reference: z.string().trim().min(1).max(200), reason })

export const staffRefund = z.object({
  id, paymentId: id, sessionId: id, customerId: id, state: refundState, method, amountIdr: idr.nullable(), clawback: z.boolean(),
  sources: z.array(z.object({ account: z.string(), amountIdr: idr })), reason: z.string(), requestedByKind: z.enum(['customer', 'staff']), requestedBy: id,
  decidedBy: id.nullable(), decisionReason: z.string().nullable(), settledReference: z.string().nullable(), providerRefundId: z.string().nullable(), failureCode: z.string().nullable(), needsStaff: z.string().nullable(),
  createdAt: time, approvedAt: time.nullable(), sentAt: time.nullable(), settledAt: time.nullable(),
})
export type StaffRefund = z.output<typeof staffRefund>
export const staffRefundReply = z.object({ refund: staffRefund })
export const staffRefundList = z.object({ items: z.array(staffRefund), nextCursor: z.string().nullable() })

export const paymentsQuery = z.strictObject({
  ...page, state: z.enum(['creating', 'pending', 'paid', 'expired', 'failed']).optional(), sessionId: z.uuid().optional(), customerId: z.uuid().optional(),
})
const payment = z.object({
  id, customerId: id, sessionId: id, kind: z.enum(['session', 'extension', 'tip']), state: z.string(), amountIdr: idr, walletIdr: idr, provider: z.string(),
  providerInvoiceId: z.string().nullable(), channel: z.string().nullable(), createdAt: time, expiresAt: time, paidAt: time.nullable(),
})
export type StaffPayment = z.output<typeof payment>
export const staffPaymentList = z.object({ items: z.array(payment), nextCursor: z.string().nullable() })
export const staffPaymentReply = z.object({ payment, refundableIdr: idr, refunds: z.array(staffRefund) })
