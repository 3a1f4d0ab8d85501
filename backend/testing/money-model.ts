import fc from 'fast-check'

/** A step of a random life of one customer, one mitra and the provider. What makes no sense when it comes is left out. */
export type Step =
  | { do: 'start'; minutes: 15 | 30 | 60; useWallet: boolean; withCode: boolean }
  /** Whatever comes next on the way to a session that is served; where there is none, its beginning. */
  | { do: 'goOn'; minutes: 15 | 30 | 60; useWallet: boolean; withCode: boolean }
  | { do: 'pay'; which: number; how: 'exact' | 'less' | 'more' }
  | { do: 'tell'; what: 'invoice' | 'refund' | 'payout'; which: number; copies: number; status: 'PAID' | 'SETTLED' | 'EXPIRED' | 'PENDING' }
  | { do: 'forge'; how: 'token' | 'amount' | 'currency' | 'order' | 'unpaid' }
  | { do: 'cancel' | 'accept' | 'end' | 'mitraEnds' | 'timePasses' | 'expireLots' | 'redeliver' }
  | { do: 'tip'; fromWallet: boolean; amountIdr: number }
  | { do: 'credit'; amountIdr: number }
  | { do: 'place'; to: 'wallet' | 'revenue' }
  | { do: 'ask'; which: number; grant: boolean; amountIdr: number }
  | { do: 'refund'; which: number; amountIdr: number; clawback: boolean }
  | { do: 'refundEnds'; which: number; well: boolean }
  | { do: 'payout' }
  | { do: 'payoutMoves'; to: 'SUCCEEDED' | 'FAILED' | 'REVERSED' }

const place = fc.nat(3)
const sum = fc.constantFrom(5000, 12_000, 25_000, 40_000)

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('goOn' as const), minutes: fc.constantFrom(15 as const, 30 as const, 60 as const), useWallet: fc.boolean(), withCode: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('start' as const), minutes: fc.constantFrom(15 as const, 30 as const, 60 as const), useWallet: fc.boolean(), withCode: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pay' as const), which: place, how: fc.constantFrom('exact' as const, 'exact' as const, 'exact' as const, 'more' as const, 'less' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('tell' as const), what: fc.constantFrom('invoice' as const, 'invoice' as const, 'invoice' as const, 'refund' as const, 'payout' as const), which: place, copies: fc.integer({ min: 1, max: 3 }), status: fc.constantFrom('PAID' as const, 'PAID' as const, 'PAID' as const, 'SETTLED' as const, 'EXPIRED' as const, 'PENDING' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forge' as const), how: fc.constantFrom('token' as const, 'amount' as const, 'currency' as const, 'order' as const, 'unpaid' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'cancel' as const, 'accept' as const, 'end' as const, 'mitraEnds' as const, 'mitraEnds' as const, 'timePasses' as const, 'expireLots' as const, 'redeliver' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tip' as const), fromWallet: fc.boolean(), amountIdr: sum }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('credit' as const), amountIdr: sum }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('place' as const), to: fc.constantFrom('wallet' as const, 'revenue' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ask' as const), which: place, grant: fc.boolean(), amountIdr: sum }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('refund' as const), which: place, amountIdr: sum, clawback: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refundEnds' as const), which: place, well: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('payout' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('payoutMoves' as const), to: fc.constantFrom('SUCCEEDED' as const, 'FAILED' as const, 'REVERSED' as const) }) },
)

const MITRA_PERCENT = 70
const LEAST_INVOICE_IDR = 10_000
export const LEAST_PAYOUT_IDR = 10_000
export const CODE_IDR = 5000

export type SessionState = 'held' | 'ringing' | 'active' | 'over'
export type ModelSession = {
  id: string; state: SessionState; mitraSince: boolean
  promoIdr: number; codeIdr: number; walletIdr: number; invoiceIdr: number
  escrowIdr: number; platformIdr: number; mitraIdr: number
}
export type ModelPayment = {
  id: string; invoiceId: string; session: ModelSession; isTip: boolean; amountIdr: number
  /** What the payer has given the provider; undefined: nothing yet. */
  paidIdr: number | undefined
  isPosted: boolean; isApplied: boolean; inEscrowIdr: number; escrowTakenIdr: number
  suspendedIdr: number; toWalletIdr: number; directIdr: number; returnedIdr: number; tipIdr: number
  liveRefundsIdr: number
}
type Sources = { escrow: number; wallet: number; platform: number; mitra: number }
export type ModelRefund = { id: string; payment: ModelPayment; amountIdr: number; sources: Sources; state: 'open' | 'succeeded' | 'failed' | 'told' }
export type ModelPayout = { id: string; amountIdr: number; atProvider: 'ACCEPTED' | 'SUCCEEDED' | 'FAILED' | 'REVERSED'; known: 'ACCEPTED' | 'SUCCEEDED' | 'FAILED' | 'REVERSED' }

/** What the books say of one customer and one mitra, and by how much they move the accounts that all share. Rupiah. */
export class Books {
  walletIdr = 0
  promoIdr = 0
  payableIdr = 0
  heldIdr = 0
  suspenseIdr = 0
  shared = { platform_revenue: 0, promotions: 0, provider_clearing: 0, refunds_pending: 0, payouts_pending: 0 }
  session: ModelSession | undefined
  readonly payments: ModelPayment[] = []
  readonly refunds: ModelRefund[] = []
  readonly payouts: ModelPayout[] = []

  start(id: string, priceIdr: number, useWallet: boolean, codeIdr: number): ModelSession {
    let promo = Math.min(codeIdr + (useWallet ? this.promoIdr : 0), priceIdr)
    let wallet = useWallet ? Math.min(this.walletIdr, priceIdr - promo) : 0
    const missing = priceIdr - promo - wallet
    if (missing > 0 && missing < LEAST_INVOICE_IDR) {
      const more = LEAST_INVOICE_IDR - missing
      const lessWallet = Math.min(more, wallet)
      wallet -= lessWallet
      promo -= more - lessWallet
    }
    const usedCode = Math.min(codeIdr, promo)
    this.shared.promotions -= usedCode
    this.promoIdr += usedCode - promo
    this.walletIdr -= wallet
    const invoiceIdr = priceIdr - promo - wallet
    this.session = {
      id, state: invoiceIdr === 0 ? 'ringing' : 'held', mitraSince: false, promoIdr: promo, codeIdr: usedCode, walletIdr: wallet, invoiceIdr,
      escrowIdr: promo + wallet, platformIdr: 0, mitraIdr: 0,
    }
    return this.session
  }

  addPayment(id: string, invoiceId: string, session: ModelSession, isTip: boolean, amountIdr: number): void {
    this.payments.push({ id, invoiceId, session, isTip, amountIdr, paidIdr: undefined, isPosted: false, isApplied: false, inEscrowIdr: 0, escrowTakenIdr: 0, suspendedIdr: 0, toWalletIdr: 0, directIdr: 0, returnedIdr: 0, tipIdr: 0, liveRefundsIdr: 0 })
  }

  /** The provider's money is known to us, whoever told; once. */
  apply(payment: ModelPayment): void {
    if (payment.isPosted || payment.paidIdr === undefined) return
    payment.isPosted = true
    this.shared.provider_clearing -= payment.paidIdr
    if (payment.paidIdr < payment.amountIdr) {
      payment.suspendedIdr = payment.paidIdr
      this.suspenseIdr += payment.paidIdr
      return
    }
    const { session } = payment
    const surplusIdr = payment.paidIdr - payment.amountIdr
    if (payment.isTip) {
      payment.tipIdr = payment.amountIdr
      this.payableIdr += payment.amountIdr
      this.toWallet(payment, surplusIdr)
    } else if (session.state === 'held') {
      session.escrowIdr += payment.amountIdr
      payment.inEscrowIdr = payment.amountIdr
      payment.isApplied = true
      session.state = 'ringing'
      this.toWallet(payment, surplusIdr)
    } else this.toWallet(payment, payment.paidIdr)
  }

  private toWallet(payment: ModelPayment, idr: number): void {
    this.walletIdr += idr
    payment.directIdr += idr
  }

  /** A hold that is given up asks the provider first: what it has been paid meanwhile is late. */
  close(how: 'given up' | 'deadline'): void {
    const { session } = this
    if (session?.state !== 'held') return
    const payment = this.payments.find((one) => one.session === session && !one.isTip)
    const isPaid = payment?.paidIdr !== undefined && !payment.isPosted
    const isEnough = isPaid && payment.paidIdr! >= payment.amountIdr
    if (isEnough && how === 'deadline') return this.apply(payment)
    this.giveAllBack()
    if (isPaid) this.apply(payment)
  }

  giveAllBack(): void {
    const session = this.session!
    this.giveBack(session, session.escrowIdr)
    session.state = 'over'
    this.session = undefined
  }

  /** An end after the accept: so much goes back, the rest is shared. */
  finish(returnedIdr: number): void {
    const session = this.session!
    const promoUsedIdr = session.promoIdr - this.giveBack(session, Math.min(returnedIdr, session.escrowIdr))
    const mitraIdr = Math.floor((session.escrowIdr * MITRA_PERCENT) / 100)
    session.mitraIdr = mitraIdr
    session.platformIdr = session.escrowIdr - mitraIdr
    session.escrowIdr = 0
    this.payableIdr += mitraIdr
    this.shared.platform_revenue += session.platformIdr
    this.heldIdr += Math.min(mitraIdr, Math.floor((promoUsedIdr * MITRA_PERCENT) / 100))
    session.state = 'over'
    this.session = undefined
  }

  // Promotional credit first; of that the person's own before the code's, which is over with its session.
  private giveBack(session: ModelSession, amountIdr: number): number {
    const promo = Math.min(amountIdr, session.promoIdr)
    const credit = Math.min(promo, session.promoIdr - session.codeIdr)
    this.promoIdr += credit
    this.shared.promotions += promo - credit
    this.walletIdr += amountIdr - promo
    session.escrowIdr -= amountIdr
    const payment = this.payments.find((one) => one.session === session && !one.isTip)
    if (payment) payment.returnedIdr = amountIdr - promo
    return promo
  }

  tipFromWallet(amountIdr: number): boolean {
    if (this.walletIdr < amountIdr) return false
    this.walletIdr -= amountIdr
    this.payableIdr += amountIdr
    return true
  }

  credit(amountIdr: number): void {
    this.shared.promotions -= amountIdr
    this.promoIdr += amountIdr
  }

  expireLots(): void {
    this.shared.promotions += this.promoIdr
    this.promoIdr = 0
  }

  place(payment: ModelPayment, to: 'wallet' | 'revenue'): void {
    this.suspenseIdr -= payment.suspendedIdr
    if (to === 'wallet') {
      this.walletIdr += payment.suspendedIdr
      payment.toWalletIdr = payment.suspendedIdr
    } else this.shared.platform_revenue += payment.suspendedIdr
    payment.suspendedIdr = 0
  }

  private putBy(payment: ModelPayment): number {
    const returnedIdr = payment.isApplied ? Math.min(payment.returnedIdr, Math.max(0, payment.amountIdr - payment.escrowTakenIdr)) : 0
    return Math.max(0, payment.directIdr + returnedIdr + payment.toWalletIdr)
  }

  /** Undefined: that much cannot be given back. */
  refund(payment: ModelPayment, amountIdr: number, clawback: boolean): { sources: Sources; needsSecond: boolean } | undefined {
    if (!payment.isPosted || payment.session.state === 'held' || payment.session.state === 'ringing') return undefined
    const put = this.putBy(payment)
    const most = payment.paidIdr! - payment.liveRefundsIdr - payment.suspendedIdr - Math.max(0, put - this.walletIdr)
    if (amountIdr > most) return undefined
    let left = amountIdr
    const take = (available: number) => {
      const part = Math.max(0, Math.min(left, available))
      left -= part
      return part
    }
    const { session } = payment
    const escrow = take(Math.min(session.escrowIdr, payment.inEscrowIdr))
    const wallet = take(Math.min(put, this.walletIdr))
    const share = take(payment.isTip ? 0 : session.platformIdr)
    const mitra = clawback ? take(payment.isTip ? payment.tipIdr : session.mitraIdr) : 0
    const sources = { escrow, wallet, platform: share + left, mitra }
    return { sources, needsSecond: sources.platform + mitra > 0 || amountIdr + payment.liveRefundsIdr > 500_000 }
  }

  addRefund(id: string, payment: ModelPayment, amountIdr: number, sources: Sources): void {
    this.refunds.push({ id, payment, amountIdr, sources, state: 'open' })
    this.moveRefund(payment, sources, -1)
    payment.escrowTakenIdr += sources.escrow
    payment.liveRefundsIdr += amountIdr
    this.shared.refunds_pending += amountIdr
  }

  endRefund(refund: ModelRefund): void {
    if (refund.state !== 'succeeded' && refund.state !== 'failed') return
    const { payment, sources, amountIdr } = refund
    this.shared.refunds_pending -= amountIdr
    if (refund.state === 'succeeded') this.shared.provider_clearing += amountIdr
    else {
      const isOpen = payment.session.state !== 'over'
      this.moveRefund(payment, isOpen ? sources : { ...sources, escrow: 0, wallet: sources.wallet + sources.escrow }, 1)
      if (isOpen) payment.escrowTakenIdr -= sources.escrow
      payment.liveRefundsIdr -= amountIdr
    }
    refund.state = 'told'
  }

  private moveRefund(payment: ModelPayment, sources: Sources, sign: 1 | -1): void {
    const { session } = payment
    session.escrowIdr += sign * sources.escrow
    payment.inEscrowIdr += sign * sources.escrow
    this.walletIdr += sign * sources.wallet
    payment.directIdr += sign * sources.wallet
    this.shared.platform_revenue += sign * sources.platform
    this.payableIdr += sign * sources.mitra
    // A tip is its mitra's alone; what is taken for it does not lessen anybody's share of the session.
    if (payment.isTip) payment.tipIdr += sign * sources.mitra
    else {
      session.platformIdr += sign * sources.platform
      session.mitraIdr += sign * sources.mitra
    }
  }

  get availableIdr(): number {
    return Math.max(0, this.payableIdr - this.heldIdr)
  }

  addPayout(id: string, amountIdr: number): void {
    this.payableIdr -= amountIdr
    this.shared.payouts_pending += amountIdr
    this.payouts.push({ id, amountIdr, atProvider: 'ACCEPTED', known: 'ACCEPTED' })
  }

  tellPayout(payout: ModelPayout): void {
    if (payout.known === payout.atProvider) return
    if (payout.known === 'ACCEPTED') this.shared.payouts_pending -= payout.amountIdr
    else this.shared.provider_clearing -= payout.amountIdr
    if (payout.atProvider === 'SUCCEEDED') this.shared.provider_clearing += payout.amountIdr
    else this.payableIdr += payout.amountIdr
    payout.known = payout.atProvider
  }
}
