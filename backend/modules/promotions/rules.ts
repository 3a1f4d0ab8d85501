/** Pure decisions about promotions. Amounts are whole rupiah. */

export type Worth = { kind: 'amount' | 'percent'; amountIdr: number | null; percent: number | null; mostIdr: number }

/** What a code is worth on a price: its amount or its part of the price, at most `mostIdr` and at most the price. */
export function worthOf(code: Worth, priceIdr: number): number {
  const asked = code.kind === 'amount' ? (code.amountIdr ?? 0) : Math.floor((priceIdr * (code.percent ?? 0)) / 100)
  return Math.max(0, Math.min(asked, code.mostIdr, priceIdr))
}
