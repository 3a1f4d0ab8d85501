import { account, type SessionPosting } from '../ledger/index.ts'
import { postingKeyOfPayment, type Payment } from '../payments/index.ts'
import type { Facts } from './rules.ts'
import type { Refund } from './tables.ts'

/** The flows of a refund's postings. */
export const FLOWS = { send: 'refund.sent', succeeded: 'refund.succeeded', failed: 'refund.failed', cancelled: 'refund.cancelled' } as const

/** States in which a refund's money has left where it was. */
const LIVE: readonly Refund['state'][] = ['approved', 'pending', 'succeeded']

type Known = {
  payment: Pick<Payment, 'id' | 'kind' | 'customerId' | 'sessionId'>
  /** Of the payment's own purchase: what was asked for by invoice. */
  invoiceIdr: number
  purchaseId: string
  /** Everything that was posted for the session. */
  postings: readonly SessionPosting[]
  /** Of this payment. */
  refunds: readonly Pick<Refund, 'state' | 'amountIdr'>[]
  suspense: { openIdr: number; toWalletIdr: number }
  walletIdr: number
  /** Where the payer's money stands now: not in their wallet any more where their number has had a new owner since. */
  walletAccount: string
}

/** What the ledger says about one payment, by its session's postings. */
export function factsOf({ payment, invoiceIdr, purchaseId, postings, refunds, suspense, walletIdr, walletAccount }: Known): Facts {
  const wallets = [...new Set([account.wallet(payment.customerId), walletAccount])]
  const inWallets = (of: readonly SessionPosting[]) => wallets.reduce((sum, name) => sum + sumOf(of, name), 0)
  const escrow = account.escrow(payment.sessionId)
  const own = postings.filter((posting) => posting.paymentId === payment.id)
  const isTip = payment.kind === 'tip'
  const tips = new Set(postings.filter((posting) => posting.flow === 'tip').map((posting) => posting.paymentId))
  // A tip is its mitra's alone; everything else is shared by the settlement.
  const shared = postings.filter((posting) => posting.flow === 'settlement' || (isOfRefund(posting) && !tips.has(posting.paymentId)))
  const shares = isTip ? own : shared
  const escrowTaken = -sumOf(own.filter(isOfRefund), escrow)
  // Of a purchase that this payment came too late for, only what was somebody's own came back.
  const isApplied = own.some((posting) => posting.flow === 'payment')
  const returned = !isApplied ? 0 : inWallets(postings.filter((posting) => posting.key === `purchase:${purchaseId}:return`))
  const direct = inWallets(own.filter((posting) => posting.flow === 'late_payment' || posting.flow === 'surplus' || isOfRefund(posting)))
  const mitra = shares.flatMap((posting) => posting.entries).find((entry) => entry.account.startsWith('mitra_payable:'))?.account
  return {
    paidIdr: -own.flatMap((posting) => posting.entries).filter((entry) => entry.account === account.providerClearing && entry.amountIdr < 0).reduce((sum, entry) => sum + entry.amountIdr, 0),
    refundedIdr: refunds.filter((refund) => LIVE.includes(refund.state)).reduce((sum, refund) => sum + (refund.amountIdr ?? 0), 0),
    suspendedIdr: suspense.openIdr,
    // What a purchase returns counts as the invoice's money first, as far as it has not been refunded before.
    putIdr: Math.max(0, direct + Math.min(returned, Math.max(0, invoiceIdr - escrowTaken)) + suspense.toWalletIdr),
    walletIdr: Math.max(0, walletIdr),
    // Never what another payment of the session has put there.
    escrowIdr: Math.max(0, Math.min(sumOf(postings, escrow), sumOf(own, escrow))),
    platformIdr: isTip ? 0 : Math.max(0, sumOf(shared, account.platformRevenue)),
    mitraIdr: mitra === undefined ? 0 : Math.max(0, sumOf(shares, mitra)),
    accounts: { wallet: walletAccount, escrow, platform: account.platformRevenue, mitra },
  }
}

type KnownOfInvoices = {
  payment: Pick<Payment, 'id' | 'providerInvoiceId'>
  postings: readonly SessionPosting[]
  refunds: readonly Pick<Refund, 'state' | 'amountIdr' | 'providerInvoiceId'>[]
  suspense: { openOf: ReadonlyMap<string | null, number> }
}

/** What each invoice of a payment has brought and no refund of it has taken, nor is suspended: the provider refunds an invoice. */
export function leftOfInvoices({ payment, postings, refunds, suspense }: KnownOfInvoices): Map<string, number> {
  const prefix = postingKeyOfPayment(payment.id, '')
  const left = new Map<string, number>()
  const add = (invoiceId: string | null, amountIdr: number) => {
    const id = invoiceId ?? payment.providerInvoiceId
    if (id !== null) left.set(id, (left.get(id) ?? 0) + amountIdr)
  }
  for (const posting of postings) if (posting.key.startsWith(prefix)) add(posting.key.slice(prefix.length).replace(/:surplus$/, ''), -sumOf([posting], account.providerClearing))
  for (const refund of refunds) if (LIVE.includes(refund.state)) add(refund.providerInvoiceId, -(refund.amountIdr ?? 0))
  for (const [invoiceId, openIdr] of suspense.openOf) add(invoiceId, -openIdr)
  return left
}

function isOfRefund(posting: Pick<SessionPosting, 'flow'>): boolean {
  return posting.flow.startsWith('refund.')
}

function sumOf(postings: readonly SessionPosting[], name: string): number {
  return postings.flatMap((posting) => posting.entries).filter((entry) => entry.account === name).reduce((sum, entry) => sum + entry.amountIdr, 0)
}
