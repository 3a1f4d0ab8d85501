/**
 * Refunds: money back to where it came from, through the provider or by hand. Owns refunds.
 * Promises: never more than was paid and is still there; what is approved is reserved in the ledger at once; a refund is
 * made at the provider once; what fails comes back. Who may decide alone is for staff's module to say.
 */
export { approveRefund, planApproval, type Choice } from './approve-refund.ts'
export { forgetRefundKeys } from './forget-keys.ts'
export { judgeRefundEvent } from './judge-refund-event.ts'
export { findRefundable, planRefund } from './plan-refund.ts'
export { countRefundsForStaff, findOpenRefundsOfSessions, findRefund, findRefunds, findRefundsById, findRefundsOfPayments, findRefundsOfSession, findRefundsToAsk, refundsMark, type RefundFilter } from './queries.ts'
export { readRefundEvent } from './read-refund-event.ts'
export { refundReactions } from './reactions.ts'
export { refundSuspense } from './refund-suspense.ts'
export { refundActs, type RefundAct } from './acts.ts'
export { refundView } from './refund-view.ts'
export { assertByHand, rejectRefund, retryRefund, settleByHand } from './reject-refund.ts'
export { insertRefund, onceByKey, requestRefund } from './request-refund.ts'
export { refundRoutes } from './routes.ts'
export { settleRefundAnswer, type Settled } from './settle-refund.ts'
export { findStepsBefore, findStepsOfMoves, type RefundStep } from './refund-steps.ts'
export { areRefundAsksDue, sweepRefundAsks } from './sweep-refunds.ts'
export { resendLostRefunds } from './resend-lost-refunds.ts'
export { createXenditRefunds } from './xendit-refunds.ts'
export { refundShape, refundState } from './contract.ts'
export type { Refund } from './tables.ts'
