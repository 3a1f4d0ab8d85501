import fc from 'fast-check'
import t from 'tap'
import { worthOf } from './rules.ts'

t.test('a code is worth its amount or its part of the price, at most its most and the price', async (t) => {
  const amount = { kind: 'amount' as const, amountIdr: 10_000, percent: null, mostIdr: 10_000 }
  const percent = { kind: 'percent' as const, amountIdr: null, percent: 33, mostIdr: 12_000 }
  t.same([worthOf(amount, 25_000), worthOf(amount, 7_000), worthOf(amount, 0)], [10_000, 7_000, 0])
  t.same([worthOf(percent, 25_000), worthOf(percent, 25_001), worthOf(percent, 80_000), worthOf(percent, 2)], [8_250, 8_250, 12_000, 0])
  fc.assert(fc.property(fc.nat(200_000), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100_000 }), (priceIdr, part, mostIdr) => {
    const worth = worthOf({ kind: 'percent', amountIdr: null, percent: part, mostIdr }, priceIdr)
    return Number.isInteger(worth) && worth >= 0 && worth <= priceIdr && worth <= mostIdr
  }))
})
