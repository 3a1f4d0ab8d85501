import type { ProviderInvoice } from '../../platform/gateways.ts'
import type { Payment } from './types.ts'

/** The ledger's key of the money that came for a payment: an invoice pays once, so its id is the provider payment id. */
export function postingKeyOfPayment(paymentId: string, providerPaymentId: string): string {
  return `payment:${paymentId}:${providerPaymentId}`
}

/** What is posted beside that posting: more than was asked for. */
const SURPLUS = ':surplus'

/** Whose money a posting of this payment was, by its key: the provider's id of the invoice; undefined: it was no invoice's. */
export function invoiceOfPostingKey(paymentId: string, key: string): string | undefined {
  const prefix = postingKeyOfPayment(paymentId, '')
  if (!key.startsWith(prefix)) return undefined
  return key.slice(prefix.length, key.endsWith(SURPLUS) ? -SURPLUS.length : undefined)
}

/** Flows that `suspense` money was posted under; its event stays parked for staff. */
export const UNDERPAID_FLOW = 'payment.underpaid'

export type Verdict = 'paid' | 'underpaid' | 'pending' | 'expired' | 'not_confirmed'

/** What the provider's own answer says about our payment. Nothing that a webhook claims has a part in it. */
export function judgeInvoice(payment: Pick<Payment, 'id' | 'amountIdr'>, invoice: ProviderInvoice | undefined): Verdict {
  if (!invoice || invoice.externalId !== payment.id || invoice.currency !== 'IDR') return 'not_confirmed'
  if (invoice.status === 'paid') return judgeAmount(payment, invoice)
  return invoice.status === 'unknown' ? 'not_confirmed' : invoice.status
}

function judgeAmount(payment: Pick<Payment, 'amountIdr'>, invoice: ProviderInvoice): Verdict {
  const paidIdr = paidIdrOf(invoice)
  if (!Number.isSafeInteger(paidIdr) || paidIdr <= 0) return 'not_confirmed'
  // What was asked must be what we asked: somebody who could alter that could make anything of it.
  if (invoice.amountIdr !== payment.amountIdr) return 'not_confirmed'
  return paidIdr >= payment.amountIdr ? 'paid' : 'underpaid'
}

/** What was paid: what the provider says was paid, else what was asked. Xendit cuts decimals of rupiah off. */
export function paidIdrOf(invoice: ProviderInvoice): number {
  return Math.trunc(invoice.paidAmountIdr ?? invoice.amountIdr)
}

/** What our books know of an invoice's payment; `postedIdr` undefined: no money of this invoice is posted. */
export type OurSide = { amountIdr: number; postedIdr: number | undefined } | undefined

export type Comparison = 'agreed' | 'heal' | 'unpaid' | 'unknown_order' | 'amount_mismatch' | 'currency_mismatch' | 'posted_differs'

/** One paid invoice of the provider beside our books. Only `heal` moves money, all else that is not `agreed` is for staff. */
export function compareInvoice(ours: OurSide, invoice: ProviderInvoice): Comparison {
  if (invoice.status !== 'paid') return 'unpaid'
  if (!ours) return 'unknown_order'
  const paidIdr = paidIdrOf(invoice)
  if (ours.postedIdr !== undefined && ours.postedIdr !== paidIdr) return 'posted_differs'
  if (invoice.currency !== 'IDR') return 'currency_mismatch'
  if (invoice.amountIdr !== ours.amountIdr || paidIdr <= 0) return 'amount_mismatch'
  return ours.postedIdr === undefined ? 'heal' : 'agreed'
}

/** Waiting time before the next attempt, in seconds. */
export function retrySeconds(attempts: number, mostSeconds: number): number {
  return Math.min(2 ** Math.max(0, attempts - 1), mostSeconds)
}
