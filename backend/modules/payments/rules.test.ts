import fc from 'fast-check'
import t from 'tap'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { judgeEvent, readEvent } from './inbox-rules.ts'
import { compareInvoice, invoiceOfPostingKey, judgeInvoice, paidIdrOf, postingKeyOfPayment, retrySeconds } from './rules.ts'

const payment = { id: 'p-1', amountIdr: 25_000 }
const invoice = (changes: Partial<ProviderInvoice> = {}): ProviderInvoice => ({
  id: 'i-1', externalId: 'p-1', status: 'paid', amountIdr: 25_000, paidAmountIdr: 25_000, currency: 'IDR', checkoutUrl: '', expiresAt: undefined, ...changes,
})

t.test('only the provider’s own answer about our order, in rupiah, counts', async (t) => {
  const rows: [ProviderInvoice | undefined, string][] = [
    [invoice(), 'paid'], [invoice({ paidAmountIdr: 30_000 }), 'paid'], [invoice({ paidAmountIdr: undefined }), 'paid'],
    [invoice({ paidAmountIdr: 24_999 }), 'underpaid'], [invoice({ paidAmountIdr: undefined, amountIdr: 1 }), 'not_confirmed'], [invoice({ amountIdr: 24_999, paidAmountIdr: 25_000 }), 'not_confirmed'], [invoice({ amountIdr: 24_999, status: 'expired' }), 'expired'],
    [invoice({ paidAmountIdr: 0 }), 'not_confirmed'], [invoice({ paidAmountIdr: Number.NaN }), 'not_confirmed'],
    [invoice({ status: 'pending' }), 'pending'], [invoice({ status: 'expired' }), 'expired'], [invoice({ status: 'unknown' }), 'not_confirmed'],
    [invoice({ externalId: 'p-2' }), 'not_confirmed'], [invoice({ currency: 'USD' }), 'not_confirmed'], [undefined, 'not_confirmed'],
  ]
  for (const [answer, verdict] of rows) t.equal(judgeInvoice(payment, answer), verdict, JSON.stringify(answer))
  t.equal(paidIdrOf(invoice({ paidAmountIdr: 4550.5 })), 4550, 'decimals are cut off, as Xendit does')
})

t.test('an event that claims money matches our row in amount and currency, or is for staff', async (t) => {
  await fc.assert(fc.asyncProperty(
    fc.constantFrom('PAID', 'SETTLED', 'paid', 'PENDING', 'EXPIRED', 'NEW'), fc.oneof(fc.constant(25_000), fc.double(), fc.string(), fc.constant(null)), fc.constantFrom('IDR', 'USD', '', null),
    async (status, amount, currency) => {
      const event = readEvent(Buffer.from(JSON.stringify({ id: 'i', external_id: 'p', status, amount, currency })))
      const claim = judgeEvent(payment, event!)
      const isMoney = /^(paid|settled)$/i.test(status)
      if (claim === 'paid') t.ok(isMoney && Number(amount) === 25_000 && currency === 'IDR')
      else if (isMoney) t.ok(['amount_mismatch', 'currency_mismatch'].includes(claim))
      else t.ok(['nothing', 'expired'].includes(claim))
    },
  ), { numRuns: 100 })
})

t.test('no bytes make the reader throw', async (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readEvent(Buffer.from(bytes))))
  fc.assert(fc.property(fc.json(), (json) => void readEvent(Buffer.from(json))))
  t.equal(readEvent(Buffer.from('')), undefined)
})

t.test('waits grow, up to a bound', async (t) => {
  t.same([0, 1, 2, 3, 9, 10, 30].map((attempts) => retrySeconds(attempts, 300)), [1, 1, 2, 4, 256, 300, 300])
})

t.test('a paid invoice beside our books', async (t) => {
  const cases: [what: string, ours: Parameters<typeof compareInvoice>[0], changes: Partial<ProviderInvoice>, verdict: string][] = [
    ['posted as it was paid', { amountIdr: 25_000, postedIdr: 25_000 }, {}, 'agreed'],
    ['not posted', { amountIdr: 25_000, postedIdr: undefined }, {}, 'heal'],
    ['too little, not posted', { amountIdr: 25_000, postedIdr: undefined }, { paidAmountIdr: 20_000 }, 'heal'],
    ['too little, in suspense', { amountIdr: 25_000, postedIdr: 20_000 }, { paidAmountIdr: 20_000 }, 'agreed'],
    ['a surplus, posted whole', { amountIdr: 25_000, postedIdr: 30_000 }, { paidAmountIdr: 30_000 }, 'agreed'],
    ['nobody’s', undefined, {}, 'unknown_order'],
    ['altered there before we knew', { amountIdr: 25_000, postedIdr: undefined }, { amountIdr: 1000, paidAmountIdr: 1000 }, 'amount_mismatch'],
    ['altered there afterwards', { amountIdr: 25_000, postedIdr: 25_000 }, { amountIdr: 90_000, paidAmountIdr: 90_000 }, 'posted_differs'],
    ['in another currency', { amountIdr: 25_000, postedIdr: undefined }, { currency: 'USD' }, 'currency_mismatch'],
    ['not paid at all', { amountIdr: 25_000, postedIdr: undefined }, { status: 'expired' }, 'unpaid'],
  ]
  for (const [what, ours, changes, verdict] of cases) t.equal(compareInvoice(ours, invoice(changes)), verdict, what)
})

t.test('nothing is healed that is not ours, whole and in rupiah', async () => {
  fc.assert(fc.property(
    fc.option(fc.record({ amountIdr: fc.integer({ min: 1, max: 100_000 }), postedIdr: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }) }), { nil: undefined }),
    fc.record({ amountIdr: fc.integer({ min: 1, max: 100_000 }), paidAmountIdr: fc.integer({ min: 0, max: 200_000 }), currency: fc.constantFrom('IDR', 'USD'), status: fc.constantFrom('paid' as const, 'pending' as const, 'expired' as const, 'unknown' as const) }),
    (ours, changes) => {
      if (compareInvoice(ours, invoice(changes)) !== 'heal') return true
      return ours !== undefined && ours.postedIdr === undefined && changes.status === 'paid' && changes.currency === 'IDR' && changes.amountIdr === ours.amountIdr && changes.paidAmountIdr > 0
    },
  ), { seed: 4 })
})

t.test('a posting’s key tells whose money it was', async (t) => {
  const key = postingKeyOfPayment('p-1', 'i-1')
  t.same([key, `${key}:surplus`, 'refund:r-1:succeeded', postingKeyOfPayment('p-2', 'i-1')].map((one) => invoiceOfPostingKey('p-1', one)), ['i-1', 'i-1', undefined, undefined])
})
