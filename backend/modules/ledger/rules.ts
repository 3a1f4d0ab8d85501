/** What is taken from each lot, in the order given, until `upToIdr` is reached. */
export function takeFromLots<L extends { remainingIdr: number }>(lots: readonly L[], upToIdr: number): { lot: L; amountIdr: number }[] {
  let leftIdr = upToIdr
  return lots.flatMap((lot) => {
    const amountIdr = Math.min(lot.remainingIdr, leftIdr)
    leftIdr -= amountIdr
    return amountIdr > 0 ? [{ lot, amountIdr }] : []
  })
}
