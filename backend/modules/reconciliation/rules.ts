import type { ProviderInvoice, StatementLine } from '../../platform/gateways.ts'

/** What our books know of a listed invoice's payment; `postedIdr` undefined: no money of it is posted. */
export type OurSide = { amountIdr: number; postedIdr: number | undefined } | undefined

export type Comparison = 'agreed' | 'heal' | 'unpaid' | 'unknown_order' | 'amount_mismatch' | 'currency_mismatch' | 'posted_differs'

/** One paid invoice of the provider's list beside our books. Only `heal` moves money, all else that is not `agreed` is for staff. */
export function compareInvoice(ours: OurSide, invoice: ProviderInvoice): Comparison {
  if (invoice.status !== 'paid') return 'unpaid'
  if (!ours) return 'unknown_order'
  const paidIdr = Math.trunc(invoice.paidAmountIdr ?? invoice.amountIdr)
  if (ours.postedIdr !== undefined && ours.postedIdr !== paidIdr) return 'posted_differs'
  if (invoice.currency !== 'IDR') return 'currency_mismatch'
  if (invoice.amountIdr !== ours.amountIdr || paidIdr <= 0) return 'amount_mismatch'
  return ours.postedIdr === undefined ? 'heal' : 'agreed'
}

export type LineVerdict = 'post' | 'nothing' | 'fraction_of_rupiah' | 'currency_mismatch'

/** Whether the fee of a line is posted: once it is final, in whole rupiah. Xendit charges none where it says so. */
export function judgeLine(line: StatementLine): LineVerdict {
  const parts = [line.feeIdr, line.taxIdr, line.withheldIdr]
  if (line.feeStatus !== 'COMPLETED' || parts.every((part) => part === 0)) return 'nothing'
  if (line.currency !== 'IDR') return 'currency_mismatch'
  return parts.every((part) => Number.isSafeInteger(part) && part >= 0) ? 'post' : 'fraction_of_rupiah'
}
