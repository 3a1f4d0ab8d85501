/** The names of accounts. Credit (> 0) is what we owe grows; debit (< 0) is what we own grows. */
export const account = {
  wallet: (customerId: string) => `customer_wallet:${customerId}`,
  promo: (customerId: string) => `customer_promo:${customerId}`,
  payable: (mitraId: string) => `mitra_payable:${mitraId}`,
  escrow: (sessionId: string) => `session_escrow:${sessionId}`,
  suspense: (eventId: string) => `suspense:${eventId}`,
  platformRevenue: 'platform_revenue',
  providerClearing: 'provider_clearing',
  providerFees: 'provider_fees',
  taxWithheld: 'tax_withheld',
  refundsPending: 'refunds_pending',
  payoutsPending: 'payouts_pending',
  promotions: 'promotions',
} as const

/** Persons' accounts have a balance row, kept by the posting's own transaction; the others are sums. */
export function isPersonsAccount(name: string): boolean {
  return /^(customer_wallet|customer_promo|mitra_payable):/.test(name)
}
