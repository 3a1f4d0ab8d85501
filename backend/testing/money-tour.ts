import type { Step } from './money-model.ts'

const goOn: Step = { do: 'goOn', minutes: 60, useWallet: false, withCode: false }
const short: Step = { do: 'start', minutes: 15, useWallet: false, withCode: false }
const invoice = (which: number, copies = 1): Step => ({ do: 'tell', what: 'invoice', which, copies, status: 'PAID' })
const tell = (what: 'refund' | 'payout', which = 0, copies = 1): Step => ({ do: 'tell', what, which, copies, status: 'PAID' })
const refund = (which: number): Step => ({ do: 'refund', which, amountIdr: 5000, clawback: false })

/** A life in which money moves in each of these ways, whatever chance brings in others. */
export const TOUR: Step[] = [
  // A surplus; a refund out of the escrow that fails when the session is over, and one that succeeds.
  short, { do: 'pay', which: 0, how: 'more' }, { do: 'forge', how: 'token' }, invoice(0, 3), goOn, refund(0), { do: 'end' }, { do: 'refundEnds', which: 0, well: false }, tell('refund', 0, 3),
  refund(0), { do: 'refundEnds', which: 0, well: true }, tell('refund'), { do: 'redeliver' },
  // Credit and a code come back, and what is left of credit ends.
  { do: 'credit', amountIdr: 25_000 }, { do: 'start', minutes: 30, useWallet: true, withCode: true }, { do: 'cancel' }, { do: 'expireLots' },
  // Paid and given up before anybody knew; then too little.
  short, { do: 'pay', which: 1, how: 'exact' }, { do: 'cancel' }, invoice(2, 2),
  short, { do: 'pay', which: 1, how: 'less' }, invoice(3, 2), { do: 'place', to: 'wallet' }, { do: 'cancel' },
  // Served, tipped both ways; paid out, sent back, and paid out again in vain.
  goOn, goOn, goOn, goOn, { do: 'tip', fromWallet: false, amountIdr: 25_000 }, { do: 'pay', which: 1, how: 'exact' }, invoice(5), goOn, { do: 'tip', fromWallet: true, amountIdr: 5000 },
  { do: 'payout' }, { do: 'payoutMoves', to: 'SUCCEEDED' }, tell('payout', 0, 2), { do: 'payoutMoves', to: 'REVERSED' }, tell('payout', 0, 3),
  { do: 'payout' }, { do: 'payoutMoves', to: 'FAILED' }, tell('payout', 1, 2), { do: 'redeliver' },
  { do: 'start', minutes: 15, useWallet: true, withCode: false }, goOn, { do: 'timePasses' },
]

/** What is posted then. */
export const TOURED = [
  'hold', 'late_payment', 'payment', 'payment.underpaid', 'payout.failed', 'payout.reversed', 'payout.sent', 'payout.succeeded', 'promo.expire', 'promo.grant',
  'refund.failed', 'refund.sent', 'refund.succeeded', 'return', 'settlement', 'surplus', 'suspense.resolve', 'tip',
]
