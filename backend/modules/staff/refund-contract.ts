import { z } from 'zod'
import { refundState } from '../refunds/contract.ts'
import { dayQuery, listQuery, reason } from './contract.ts'
import { suspended } from './books-contract.ts'
import { inboxEvent } from './inbox-contract.ts'
import { transaction } from './ledger-contract.ts'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
const idr = z.number().int()
const amount = z.int().min(1).max(1_000_000_000)
const method = z.enum(['provider', 'manual'])

export const refundsQuery = z.strictObject({ ...listQuery, ...dayQuery, state: refundState.optional(), paymentId: z.uuid().optional(), customerId: z.uuid().optional(), needsStaff: z.stringbool().optional() })
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
  customerName: z.string().nullable(), requestedByName: z.string().nullable(), decidedByName: z.string().nullable(),
  /** What this member of staff may do with it as it stands. */
  acts: z.array(z.enum(['approve', 'reject', 'retry', 'settle'])),
  /** What of it waits for a second person. */
  approvalId: id.nullable(),
})
export type StaffRefund = z.output<typeof staffRefund>
export const staffRefundReply = z.object({ refund: staffRefund })
export const staffRefundList = z.object({ items: z.array(staffRefund), nextCursor: z.string().nullable() })

/** `providerInvoiceId`: the provider's id of the invoice, whole. */
export const paymentsQuery = z.strictObject({
  ...listQuery, ...dayQuery, state: z.enum(['creating', 'pending', 'paid', 'expired', 'failed']).optional(), kind: z.enum(['session', 'extension', 'tip']).optional(),
  sessionId: z.uuid().optional(), customerId: z.uuid().optional(), providerInvoiceId: z.string().trim().min(1).max(100).optional(),
})
const payment = z.object({
  id, customerId: id, sessionId: id, kind: z.enum(['session', 'extension', 'tip']), state: z.string(), amountIdr: idr, walletIdr: idr, provider: z.string(),
  providerInvoiceId: z.string().nullable(), providerPaymentId: z.string().nullable(), channel: z.string().nullable(), description: z.string(), createdAt: time, expiresAt: time, paidAt: time.nullable(),
  closedAt: time.nullable(), customerName: z.string().nullable(),
})
export type StaffPayment = z.output<typeof payment>
export const staffPaymentList = z.object({ items: z.array(payment), nextCursor: z.string().nullable() })
/** `events`: what the provider said of it; `transactions`: what was posted; the newest first, at most a hundred each. */
export const staffPaymentReply = z.object({
  payment, refundableIdr: idr, refunds: z.array(staffRefund), events: z.array(inboxEvent), transactions: z.array(transaction), suspended: z.array(suspended), acts: z.array(z.enum(['refund'])),
})
/** `payment` and what was posted: for who may read the ledger. */
export const staffRefundDetails = z.object({ refund: staffRefund, payment: payment.nullable(), refundableIdr: idr.nullable(), transactions: z.array(transaction) })
