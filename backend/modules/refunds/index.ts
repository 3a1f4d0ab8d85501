/**
 * Refunds: money back to where it came from, through the provider or by hand. Owns refunds.
 * Promises: never more than was paid and is still there; what is approved is reserved in the ledger at once; a refund is
 * made at the provider once; what fails comes back.
 */
export { forgetRefundKeys } from './forget-keys.ts'
export { findOpenRefundsOfSessions } from './queries.ts'
export type { Refund } from './tables.ts'
