import type { Data, NoticeDefinition } from './notice-types.ts'

const DAY = 86_400

const payment = {
  kind: 'payment', variables: { amount: 'money' }, tag: (data: Data) => `payment:${data['paymentId']}`, ttlSeconds: DAY,
  link: (data: Data) => (data['sessionId'] === undefined ? '/wallet' : `/sessions/${data['sessionId']}`),
} as const satisfies NoticeDefinition
const refund = {
  kind: 'refund', variables: {}, tag: (data: Data) => `refund:${data['refundId']}`, ttlSeconds: DAY, link: (data: Data) => `/refunds/${data['refundId']}`,
} as const satisfies NoticeDefinition
const payout = {
  kind: 'payout', variables: { amount: 'money' }, tag: (data: Data) => `payout:${data['payoutId']}`, ttlSeconds: DAY, link: (data: Data) => `/payouts/${data['payoutId']}`,
} as const satisfies NoticeDefinition
const bankAccount = {
  kind: 'bank_account', variables: { bank: 'text', number: 'text' }, tag: () => 'bank-account', ttlSeconds: DAY, link: () => '/bank-account',
} as const satisfies NoticeDefinition

export const MONEY_NOTICES = {
  'payment.paid': { ...payment, variables: { amount: 'money', minutes: 'count', at: 'time', number: 'text' } },
  'payment.tip_paid': { ...payment, variables: { amount: 'money', at: 'time', number: 'text' } },
  'payment.expired': payment,
  'payment.to_wallet': payment,
  'payment.surplus': payment,

  // Who asks sees that they have asked: this is for their records.
  'refund.requested': { ...refund, channels: ['email'] },
  'refund.approved': refund,
  'refund.succeeded': refund,
  'refund.failed': refund,
  'refund.rejected': refund,

  'credit.given': { kind: 'credit', variables: { amount: 'money' }, tag: (data) => `credit:${data['creditId']}`, ttlSeconds: DAY, link: () => '/wallet' },
  'tip.received': { kind: 'tip', variables: { amount: 'money' }, tag: (data) => `tip:${data['tipId']}`, ttlSeconds: DAY, link: () => '/earnings' },

  // Whoever took over an account would ask for this: its owner hears of it.
  'payout.requested': { ...payout, channels: ['email'], variables: { amount: 'money', bank: 'text', number: 'text' } },
  'payout.succeeded': { ...payout, variables: { amount: 'money', bank: 'text', number: 'text' } },
  'payout.failed': payout,
  'payout.reversed': payout,
  'payout.rejected': payout,

  'bank_account.replaced': bankAccount,
  'bank_account.refused': bankAccount,
} as const satisfies Record<string, NoticeDefinition>
