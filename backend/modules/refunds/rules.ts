/** Pure decisions about refunds: how much, out of what, by whom. No I/O, no clock. Amounts are whole rupiah. */

export type Source = { account: string; amountIdr: number }

/** What stands where, of one payment; found out under locks (`facts.ts`). */
export type Facts = {
  /** What really came for this payment. */
  paidIdr: number
  /** Given back or on its way back. */
  refundedIdr: number
  /** Kept in suspense: staff place it there, not here. */
  suspendedIdr: number
  /** What this payment has put into the wallet and no refund has taken out again. */
  putIdr: number
  walletIdr: number
  escrowIdr: number
  /** The platform's and the mitra's share of it, less what refunds have taken. */
  platformIdr: number
  mitraIdr: number
  accounts: { wallet: string; escrow: string; platform: string; mitra: string | undefined }
}

/** What can still be given back: paid − refunded − what was returned and has left the wallet. */
export function refundableIdr(facts: Facts): number {
  const leftTheWallet = Math.max(0, facts.putIdr - facts.walletIdr)
  return Math.max(0, facts.paidIdr - facts.refundedIdr - facts.suspendedIdr - leftTheWallet)
}

/**
 * Out of what `amountIdr` (at most `refundableIdr`) is given back: the escrow, the wallet up to what the payment put
 * there, the platform's share, with `clawback` the mitra's, and what is missing then out of the platform's revenue.
 */
export function planSources(facts: Facts, amountIdr: number, clawback: boolean): Source[] {
  let left = amountIdr
  const take = (most: number): number => {
    const part = Math.max(0, Math.min(left, most))
    left -= part
    return part
  }
  const escrow = take(facts.escrowIdr)
  const wallet = take(Math.min(facts.putIdr, facts.walletIdr))
  const share = take(facts.platformIdr)
  const mitra = clawback && facts.accounts.mitra !== undefined ? take(facts.mitraIdr) : 0
  const { accounts } = facts
  return [
    { account: accounts.escrow, amountIdr: escrow }, { account: accounts.wallet, amountIdr: wallet },
    { account: accounts.platform, amountIdr: share + left }, { account: accounts.mitra ?? '', amountIdr: mitra },
  ].filter((source) => source.amountIdr > 0)
}

/**
 * Whether one person may not do it alone. Earlier refunds of the payment count, so that splitting is no way round;
 * whatever is not the customer's own money any more needs two, and so does what the provider does not do for us.
 */
export function needsSecond(refund: { amountIdr: number; refundedIdr: number; sources: readonly Source[]; method: 'provider' | 'manual' }, aloneMaxIdr: number): boolean {
  const isOurs = refund.sources.some(({ account }) => !account.startsWith('session_escrow:') && !account.startsWith('customer_wallet:'))
  return isOurs || refund.method === 'manual' || refund.amountIdr + refund.refundedIdr > aloneMaxIdr
}

/** By which invoice a refund goes back: the payment's own where it has brought enough, else the one that has brought the most. */
export function pickInvoice(leftOf: ReadonlyMap<string, number>, own: string | null, amountIdr: number): string | undefined {
  if (own !== null && (leftOf.get(own) ?? 0) >= amountIdr) return own
  const [most] = [...leftOf].toSorted(([, a], [, b]) => b - a)
  return most !== undefined && most[1] >= amountIdr ? most[0] : undefined
}

export type Outcome = 'succeeded' | 'failed' | 'cancelled'

/**
 * Where the money of a refund that did not happen goes: back to where it came from; what came out of the escrow of a
 * session that is over, to the customer's wallet.
 */
export function goesBackTo(sources: readonly Source[], wallet: string, isSessionOpen: boolean): Source[] {
  const back = new Map<string, number>()
  for (const { account, amountIdr } of sources) {
    const target = account.startsWith('session_escrow:') && !isSessionOpen ? wallet : account
    back.set(target, (back.get(target) ?? 0) + amountIdr)
  }
  return [...back].map(([account, amountIdr]) => ({ account, amountIdr }))
}
