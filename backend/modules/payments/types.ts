import type { Ctx } from '../../platform/ctx.ts'
import type { payments } from './tables.ts'

export type Payment = typeof payments.$inferSelect
export type PaymentState = Payment['state']

/** What the provider confirmed when asked. For an invoice `providerPaymentId` is the provider's id of the invoice. */
export type ConfirmedPayment = { paymentId: string; providerPaymentId: string; paidIdr: number }

/**
 * Applies confirmed money once (`postingKeyOfPayment`): to the session, or to the wallet. Sessions' own. `paidIdr` is
 * what really came, at least the payment's amount: the surplus is posted by it too.
 */
export type ApplyPayment = (ctx: Ctx, confirmed: ConfirmedPayment) => Promise<'applied' | 'already'>

/** The provider's invoice of this pending payment ended unpaid. Must be idempotent. */
export type PaymentExpired = (ctx: Ctx, paymentId: string) => Promise<void>

export type PaymentHooks = { apply: ApplyPayment; expired: PaymentExpired }
