/**
 * Payouts: what mitras have earned, paid out to their bank accounts. Owns payouts, payout_batches.
 * Promises: none without a second person; never more than is owed and not held; made at the provider once; what fails or
 * is reversed comes back.
 */
export { forgetPayoutKeys } from './forget-keys.ts'
export { createXenditPayouts } from './xendit-payouts.ts'
export type { Payout, PayoutBatch } from './tables.ts'
