import type { Ctx } from '../../platform/ctx.ts'
import type { payments, suspenseItems } from './tables.ts'

export type Payment = typeof payments.$inferSelect
export type PaymentState = Payment['state']
export type SuspenseItem = typeof suspenseItems.$inferSelect

/** How the money came, in the provider's words: kept, never a key. */
export type PaidThrough = { paymentId: string | undefined; channel: string | undefined }

/**
 * What the provider confirmed when asked. For an invoice `providerPaymentId` is the provider's id of the invoice.
 * `eventId` is the event of the inbox that led here, if one did.
 */
export type ConfirmedPayment = { paymentId: string; providerPaymentId: string; paidIdr: number; through?: PaidThrough | undefined; eventId?: string | undefined }

/**
 * Applies confirmed money once (`postingKeyOfPayment`): to the session, or to the wallet. Sessions' own. `paidIdr` is
 * what really came, at least the payment's amount: the surplus is posted by it too.
 */
export type ApplyPayment = (ctx: Ctx, confirmed: ConfirmedPayment) => Promise<'applied' | 'already'>

/** The provider's invoice of this pending payment ended unpaid. Must be idempotent. */
export type PaymentExpired = (ctx: Ctx, paymentId: string) => Promise<void>

export type PaymentHooks = { apply: ApplyPayment; expired: PaymentExpired }

/** What became of an event of the inbox. `subjectId`: the refund or payout that it was about. */
export type Outcome = { paymentId?: string | undefined; subjectId?: string | undefined } & (
  | { to: 'applied'; reason?: string }
  | { to: 'parked'; reason: string }
  /** `isFailure`: counts, and waits longer each time; else it only had no turn. */
  | { to: 'later'; reason: string; isFailure: boolean }
)

export type InboxRow = { id: string; kind: string; body: Buffer }
/** Decides on an event and does what it asks for. Throws only what is our own fault; then it is judged again. */
export type JudgeInboxRow = (ctx: Ctx, row: InboxRow) => Promise<Outcome>

/** `judges`: who judges events of which kind, besides those about invoices. */
export type InboxHooks = PaymentHooks & { judges: Readonly<Record<string, JudgeInboxRow>> }
