/**
 * Payouts: what mitras have earned, paid out to their bank accounts. Owns payouts, payout_batches.
 * Promises: none without a second person; never more than is owed and not held; made at the provider once; what fails or
 * is reversed comes back.
 */
export { sumEarnings } from './earnings.ts'
export { approveBatch, rejectBatch, reopenBatch, submitBatch } from './decide-batch.ts'
export { flagPayout } from './claim-payout.ts'
export { forgetPayoutKeys } from './forget-keys.ts'
export { judgePayoutEvent } from './judge-payout-event.ts'
export { makeBatch, prepareWeeklyBatch } from './prepare-batch.ts'
export { countPayoutsForStaff, findBatch, findBatches, findPayout, findPayouts, findPayoutsById, hasOpenPayout, payoutsMark, readPayouts, readSucceeded, viewPayouts, type PayoutFilter } from './queries.ts'
export { payoutReactions } from './reactions.ts'
export { resendLostPayouts } from './resend-lost-payouts.ts'
export { payoutRoutes } from './routes.ts'
export { showEarnings } from './earnings.ts'
export { payoutOutcomes } from './acts.ts'
export { readPayoutEvent } from './read-payout-event.ts'
export { assertPayoutByHand, settlePayoutByHand } from './settle-by-hand.ts'
export { settlePayoutAnswer, type Settled } from './settle-payout.ts'
export { arePayoutAsksDue, measurePayouts, sweepPayoutAsks } from './sweep-payouts.ts'
export { createXenditPayouts } from './xendit-payouts.ts'
export type { Payout, PayoutBatch } from './tables.ts'
