import type { StatementLine } from '../../platform/gateways.ts'

export type LineVerdict = 'post' | 'nothing' | 'fraction_of_rupiah' | 'currency_mismatch' | 'unknown_status' | 'fee_changed'

/** What a fee's status says besides `COMPLETED`: not yet, or none. */
const NOT_CHARGED: readonly string[] = ['PENDING', 'CANCELED', 'CANCELLED', 'REVERSED', 'NOT_APPLICABLE']

/**
 * Whether the fee of a line is posted: once it is final, in whole rupiah. `posted` is what of it was, in rupiah: a line
 * that says something else afterwards is for staff, whatever it says.
 */
export function judgeLine(line: StatementLine, posted?: { feeIdr: number; withheldIdr: number }): LineVerdict {
  const parts = [line.feeIdr, line.taxIdr, line.withheldIdr]
  const isFinal = line.feeStatus === 'COMPLETED'
  if (posted) return isFinal && line.feeIdr + line.taxIdr === posted.feeIdr && line.withheldIdr === posted.withheldIdr ? 'nothing' : 'fee_changed'
  if (parts.every((part) => part === 0)) return 'nothing'
  if (!isFinal) return NOT_CHARGED.includes(line.feeStatus) ? 'nothing' : 'unknown_status'
  if (line.currency !== 'IDR') return 'currency_mismatch'
  return parts.every((part) => Number.isSafeInteger(part) && part >= 0) ? 'post' : 'fraction_of_rupiah'
}
