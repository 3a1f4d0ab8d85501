import fc from 'fast-check'
import t from 'tap'
import type { ProviderInvoice, StatementLine } from '../../platform/gateways.ts'
import { compareInvoice, judgeLine } from './rules.ts'

const paid: ProviderInvoice = { id: 'i', externalId: 'p', status: 'paid', amountIdr: 25_000, paidAmountIdr: 25_000, currency: 'IDR', checkoutUrl: '', expiresAt: undefined }
const line: StatementLine = { id: 'l', type: 'PAYMENT', status: 'SUCCESS', referenceId: 'p', amountIdr: 25_000, feeIdr: 4000, taxIdr: 440, withheldIdr: 0, feeStatus: 'COMPLETED', currency: 'IDR', at: new Date(0) }

t.test('an invoice of the list beside our books', async (t) => {
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
  for (const [what, ours, changes, verdict] of cases) t.equal(compareInvoice(ours, { ...paid, ...changes }), verdict, what)
})

t.test('nothing is healed that is not ours, whole and in rupiah', async () => {
  fc.assert(fc.property(
    fc.option(fc.record({ amountIdr: fc.integer({ min: 1, max: 100_000 }), postedIdr: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }) }), { nil: undefined }),
    fc.record({ amountIdr: fc.integer({ min: 1, max: 100_000 }), paidAmountIdr: fc.integer({ min: 0, max: 200_000 }), currency: fc.constantFrom('IDR', 'USD'), status: fc.constantFrom('paid' as const, 'pending' as const, 'expired' as const, 'unknown' as const) }),
    (ours, changes) => {
      if (compareInvoice(ours, { ...paid, ...changes }) !== 'heal') return true
      return ours !== undefined && ours.postedIdr === undefined && changes.status === 'paid' && changes.currency === 'IDR' && changes.amountIdr === ours.amountIdr && changes.paidAmountIdr > 0
    },
  ), { seed: 4 })
})

t.test('a fee is posted once it is final, in whole rupiah', async (t) => {
  const cases: [Partial<StatementLine>, string][] = [
    [{}, 'post'], [{ feeIdr: 0, taxIdr: 0, withheldIdr: 90 }, 'post'], [{ feeStatus: 'PENDING' }, 'nothing'], [{ feeStatus: 'REVERSED' }, 'nothing'], [{ feeIdr: 0, taxIdr: 0 }, 'nothing'],
    [{ taxIdr: 440.5 }, 'fraction_of_rupiah'], [{ feeIdr: -1 }, 'fraction_of_rupiah'], [{ currency: 'USD' }, 'currency_mismatch'],
  ]
  for (const [changes, verdict] of cases) t.equal(judgeLine({ ...line, ...changes }), verdict, JSON.stringify(changes))
})
