import fc from 'fast-check'
import t from 'tap'
import { factsOf } from './facts.ts'
import { goesBackTo, needsSecond, planSources, refundableIdr, type Facts } from './rules.ts'

const accounts = { wallet: 'customer_wallet:c', escrow: 'session_escrow:s', platform: 'platform_revenue', mitra: 'mitra_payable:m' }
const idr = fc.integer({ min: 0, max: 100_000 })
const anyFacts: fc.Arbitrary<Facts> = fc.record({
  paidIdr: idr, refundedIdr: idr, suspendedIdr: fc.constantFrom(0, 0, 5_000), putIdr: idr, walletIdr: idr, escrowIdr: idr, platformIdr: idr, mitraIdr: idr,
  accounts: fc.constant(accounts),
})
const RUNS = { seed: 4, numRuns: 500 }

t.test('nothing is given back twice, or that has left the wallet', async () => {
  fc.assert(fc.property(anyFacts, (facts) => {
    const gone = facts.refundedIdr + facts.suspendedIdr + Math.max(0, facts.putIdr - facts.walletIdr)
    return refundableIdr(facts) === (gone >= facts.paidIdr ? 0 : facts.paidIdr - gone)
  }), RUNS)
})

t.test('a plan covers the sum exactly, in order, and takes no more of any source than stands there', async () => {
  fc.assert(fc.property(anyFacts, fc.integer({ min: 1, max: 100_000 }), fc.boolean(), (facts, wanted, clawback) => {
    const amountIdr = Math.min(wanted, refundableIdr(facts))
    const of = (name: string) => sources.filter((source) => source.account === name).reduce((sum, source) => sum + source.amountIdr, 0)
    const sources = planSources(facts, amountIdr, clawback)
    const [escrow, wallet, platform, mitra] = [of(accounts.escrow), of(accounts.wallet), of(accounts.platform), of(accounts.mitra)]
    const wallets = Math.min(facts.putIdr, facts.walletIdr)
    return escrow + wallet + platform + mitra === amountIdr
      && sources.every((source) => source.amountIdr > 0)
      && escrow <= facts.escrowIdr && wallet <= wallets && mitra <= (clawback ? facts.mitraIdr : 0)
      // What comes later in the order is touched only when what comes before is used up.
      && (wallet === 0 || escrow === facts.escrowIdr)
      && (platform + mitra === 0 || (escrow === facts.escrowIdr && wallet === wallets))
      && (mitra === 0 || platform >= facts.platformIdr)
      && (!clawback || platform <= facts.platformIdr || mitra === facts.mitraIdr)
  }), RUNS)
})

t.test('what needs a second person cannot be split into parts that do not', async (t) => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 2, maxLength: 8 }), (parts) => {
    let refundedIdr = 0
    for (const amountIdr of parts) {
      if (!needsSecond({ amountIdr, refundedIdr, sources: [{ account: accounts.wallet, amountIdr }], method: 'provider' }, 500_000)) refundedIdr += amountIdr
    }
    return refundedIdr <= 500_000
  }), RUNS)
  const one = (account: string, method: 'provider' | 'manual' = 'provider') => needsSecond({ amountIdr: 1, refundedIdr: 0, sources: [{ account, amountIdr: 1 }], method }, 500_000)
  t.equal(one(accounts.escrow), false)
  t.equal(one(accounts.wallet), false)
  t.equal(one(accounts.platform), true, 'one rupiah of the platform’s')
  t.equal(one(accounts.mitra), true)
  t.equal(one(accounts.wallet, 'manual'), true)
})

t.test('what fails goes back to where it came from; an escrow that is over, to the wallet', async (t) => {
  const sources = [{ account: accounts.escrow, amountIdr: 3 }, { account: accounts.wallet, amountIdr: 4 }, { account: accounts.platform, amountIdr: 5 }]
  t.same(goesBackTo(sources, accounts.wallet, true), sources)
  t.same(goesBackTo(sources, accounts.wallet, false), [{ account: accounts.wallet, amountIdr: 7 }, { account: accounts.platform, amountIdr: 5 }])
})

t.test('what the ledger says of one payment', async (t) => {
  const at = new Date()
  const posting = (key: string, flow: string, paymentId: string | null, entries: Record<string, number>) =>
    ({ key, flow, paymentId, at, entries: Object.entries(entries).map(([account, amountIdr]) => ({ account, amountIdr })) })
  const paid = posting('payment:p:i', 'payment', 'p', { provider_clearing: -25_000, [accounts.escrow]: 25_000 })
  const surplus = posting('payment:p:i:surplus', 'surplus', 'p', { provider_clearing: -1_000, [accounts.wallet]: 1_000 })
  const tip = posting('payment:tip:j', 'tip', 'tip', { provider_clearing: -9_000, [accounts.mitra]: 9_000 })
  const returned = posting('purchase:b:return', 'return', null, { [accounts.escrow]: -10_000, [accounts.wallet]: 10_000 })
  const settled = posting('session:s:settle', 'settlement', null, { [accounts.escrow]: -15_000, [accounts.mitra]: 10_500, platform_revenue: 4_500 })
  const known = { payment: { id: 'p', kind: 'session' as const, customerId: 'c', sessionId: 's' }, purchaseId: 'b', invoiceIdr: 25_000, refunds: [], suspense: { openIdr: 0, toWalletIdr: 0 }, walletIdr: 11_000, walletAccount: accounts.wallet }
  t.match(factsOf({ ...known, postings: [paid, surplus, tip] }), { paidIdr: 26_000, escrowIdr: 25_000, putIdr: 1_000, platformIdr: 0, mitraIdr: 0 }, 'while it runs')
  t.match(factsOf({ ...known, postings: [paid, surplus, tip, returned, settled] }), { escrowIdr: 0, putIdr: 11_000, platformIdr: 4_500, mitraIdr: 10_500 }, 'when it is over')
  const sent = posting('refund:r:send', 'refund.sent', 'p', { [accounts.escrow]: -20_000, refunds_pending: 20_000 })
  const rest = posting('purchase:b:return', 'return', null, { [accounts.escrow]: -5_000, [accounts.wallet]: 5_000 })
  const late = posting('payment:p:i', 'late_payment', 'p', { provider_clearing: -25_000, [accounts.wallet]: 25_000 })
  t.match(factsOf({ ...known, postings: [late, returned] }), { putIdr: 25_000 }, 'too late: what came back was somebody’s own')
  t.match(factsOf({ ...known, refunds: [{ state: 'pending', amountIdr: 20_000 }], postings: [paid, sent, rest] }), { refundedIdr: 20_000, putIdr: 5_000, escrowIdr: 0 })
  const failed = posting('refund:r:failed', 'refund.failed', 'p', { refunds_pending: -20_000, [accounts.wallet]: 20_000 })
  t.match(factsOf({ ...known, refunds: [{ state: 'failed', amountIdr: 20_000 }], postings: [paid, sent, rest, failed] }), { refundedIdr: 0, putIdr: 25_000 }, 'what failed is in the wallet')
  const ofTip = { ...known, payment: { ...known.payment, id: 'tip', kind: 'tip' as const }, purchaseId: 'tip', invoiceIdr: 0 }
  t.match(factsOf({ ...ofTip, postings: [paid, tip, settled] }), { paidIdr: 9_000, escrowIdr: 0, putIdr: 0, platformIdr: 0, mitraIdr: 9_000 }, 'a tip is its mitra’s alone')
})
