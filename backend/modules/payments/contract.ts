import { z } from 'zod'

/** `payment` on the wire, also inside a session. */
export const paymentShape = z.object({
  id: z.string(),
  state: z.enum(['creating', 'pending', 'paid', 'expired', 'failed']),
  amountIdr: z.number(),
  walletIdr: z.number(),
  checkoutUrl: z.string().optional(),
  expiresAt: z.string(),
})
export type PaymentView = { id: string; state: z.output<typeof paymentShape>['state']; amountIdr: number; walletIdr: number; checkoutUrl?: string; expiresAt: string }

export const paymentParams = z.object({ id: z.uuid() })
/** What is given back of it. */
const refundOfPayment = z.object({ id: z.string(), state: z.string(), amountIdr: z.number().optional() })
export type RefundOfPayment = { id: string; state: string; amountIdr?: number }
export const paymentReply = z.object({ payment: paymentShape.extend({ refunds: z.array(refundOfPayment).optional() }) })

/** A browser that comes back brings whatever the provider adds: only our own id is read. */
export const returnQuery = z.looseObject({ payment: z.uuid().optional().catch(undefined) })

export const webhookReply = z.object({})
