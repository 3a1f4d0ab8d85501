/** What of the outbox ends an invoice: that of a hold in two phases, or one that nobody waits for any more. */
export const CLOSE_HOLD = 'sessions.close-hold'
export const END_INVOICE = 'sessions.end-invoice'
