import { z } from 'zod'

const id = z.string().meta({ format: 'uuid' })
const time = z.string().meta({ format: 'date-time' })
export const refundState = z.enum(['requested', 'approved', 'pending', 'succeeded', 'failed', 'cancelled'])

/** `refund` as its customer sees it; `amountIdr` is there once it is decided. */
export const refundShape = z.object({
  id, paymentId: id, state: refundState, method: z.enum(['provider', 'manual']), amountIdr: z.number().int().optional(), reason: z.string(),
  failureCode: z.string().optional(), createdAt: time, settledAt: time.optional(),
})
export type RefundView = { id: string; paymentId: string; state: z.output<typeof refundState>; method: 'provider' | 'manual'; amountIdr?: number; reason: string; failureCode?: string; createdAt: string; settledAt?: string }

export const paymentParams = z.strictObject({ id: z.uuid() })
export const requestBody = z.strictObject({ reason: z.string().trim().min(1).max(500) })
export const refundReply = z.object({ refund: refundShape })
