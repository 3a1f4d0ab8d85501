/**
 * Payments: invoices at the provider, its webhooks, and what is asked of it. Owns payments, provider_inbox,
 * suspense_items.
 * Promises: one invoice a payment; a webhook's body is stored before anything looks into it; nothing is credited that
 * the provider did not confirm when asked; `apply` and `expired` (the sessions module's) are called for what it said,
 * again and again if need be: they must be idempotent. No function here with `ctx` may run inside a transaction.
 */
export { createXenditGateway, readInvoice } from './xendit-gateway.ts'
export { createXenditCall, recordOf, textOf, type XenditOptions } from './xendit-call.ts'
export { findListedPayments, findOverdue, findPaidBetween, findPostedInvoices, noteAsked, settleConfirmed } from './listed-payments.ts'
export { listedOf, parkListed, type ListedDifference, type NewParked } from './park-answer.ts'
export { settleAnswer } from './settle-answer.ts'
export { callBudget } from './call-budget.ts'
export { findEventsOfPayments, type ProviderEvent } from './find-of-payments.ts'
export { createPayment } from './create-payment.ts'
export { createInvoice } from './create-invoice.ts'
export { expireInvoice } from './expire-invoice.ts'
export { askProvider } from './ask-provider.ts'
export { areAsksDue, sweepAsks } from './sweep-asks.ts'
export { askSoon, closePayment, markPaid, markExpired, markFailed } from './payment-states.ts'
export { findChannels, findPayment, findPaymentOfPurchase, findPayments, findPaymentsOfSessions, findUncreated, lockPayment, parkedMark, paymentsMark, sumSuspense, suspenseMark, type PaymentFilter } from './queries.ts'
export { findPaymentByInvoice } from './find-by-invoice.ts'
export { paymentView } from './payment-view.ts'
export { compareInvoice, postingKeyOfPayment, type Verdict } from './rules.ts'
export { paymentReactions } from './reactions.ts'
export { drainInbox, isInboxDue, runInboxRow, sweepInbox } from './run-inbox-row.ts'
export { countOpenSuspense, findSuspense, findSuspenseById, findSuspenseItems, openSuspense, type NewSuspense } from './suspense.ts'
export { assertPayerHasWallet, closeSuspense, resolveSuspense } from './resolve-suspense.ts'
export { purgeInbox } from './purge-inbox.ts'
export { countInbox, findInboxEvent, findInboxEvents, measureInbox, replayInboxEvent, type InboxEvent } from './inbox-events.ts'
export { paymentRoutes } from './routes.ts'
export { webhookRoutes } from './webhook-routes.ts'
export type { ApplyPayment, InboxHooks, InboxRow, JudgeInboxRow, Outcome, Payment, PaymentExpired, PaymentHooks, PaymentState, SuspenseItem } from './types.ts'
