import fc from 'fast-check'
import t from 'tap'
import { chooseAnswered, type Asked, type Free } from './rules.ts'

const mitraId = fc.constantFrom('m1', 'm2', 'm3')
const asked: fc.Arbitrary<Asked[]> = fc.array(fc.record({ customerId: fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5'), mitraId: fc.option(mitraId) }), { maxLength: 20 })
  .map((all) => all.map((one, index) => ({ ...one, id: `r${index}` })))
const free: fc.Arbitrary<Free[]> = fc.uniqueArray(fc.record({ mitraId, free: fc.integer({ min: 1, max: 4 }) }), { selector: (one) => one.mitraId })
const told = fc.array(fc.record({ mitraId: fc.option(mitraId) }), { maxLength: 6 })
const strangers = fc.array(fc.tuple(fc.constantFrom('c1', 'c2', 'c3'), mitraId), { maxLength: 4 })
const all = fc.record({ asked, free, told, strangers, isAnyOpen: fc.boolean() })

t.test('who is told that somebody is free', async (t) => {
  fc.assert(fc.property(all, (given) => {
    const mayMeet = (customerId: string, mitra: string) => !given.strangers.some(([customer, other]) => customer === customerId && other === mitra)
    const answered = chooseAnswered(given.asked, given, mayMeet)
    const ids = new Set(answered.map((one) => one.id))
    const isFree = (mitra: string) => given.free.some((one) => one.mitraId === mitra)
    t.equal(ids.size, answered.length, 'each once')
    for (const one of given.asked.filter((each) => each.mitraId !== null)) {
      t.equal(ids.has(one.id), isFree(one.mitraId!) && mayMeet(one.customerId, one.mitraId!), 'a named mitra who is free is told to everybody who may meet them')
    }
    const any = answered.filter((one) => one.mitraId === null)
    const slots = given.free.reduce((sum, one) => sum + one.free, 0)
    t.ok(any.length <= Math.max(0, slots - given.told.filter((one) => one.mitraId === null).length), 'no more than there are slots that nobody was told of')
    if (!given.isAnyOpen) t.equal(any.length, 0, 'none while somebody queues')
    const waiting = given.asked.filter((one) => one.mitraId === null)
    t.same(any.map((one) => one.id), waiting.filter((one) => ids.has(one.id)).map((one) => one.id), 'in the order of asking')
    if (given.strangers.length === 0) t.same(any.map((one) => one.id), waiting.slice(0, any.length).map((one) => one.id), 'and nobody is passed over')
  }))
})

t.test('a slot that somebody was told of is promised; whoever may meet nobody keeps no one from it', async (t) => {
  const any = (id: string, customerId = id): Asked => ({ id, customerId, mitraId: null })
  const one = [{ mitraId: 'm1', free: 1 }]
  t.same(chooseAnswered([any('a'), any('b')], { free: one, told: [], isAnyOpen: true }, () => true), [any('a')])
  t.same(chooseAnswered([any('a'), any('b')], { free: one, told: [{ mitraId: null }], isAnyOpen: true }, () => true), [])
  t.same(chooseAnswered([any('a'), any('b')], { free: one, told: [{ mitraId: 'm1' }], isAnyOpen: true }, () => true), [])
  t.same(chooseAnswered([any('a'), any('b')], { free: one, told: [{ mitraId: 'm2' }], isAnyOpen: true }, () => true), [any('a')], 'of a mitra who is not free: nothing is promised')
  t.same(chooseAnswered([any('a'), any('b')], { free: one, told: [], isAnyOpen: true }, (customer) => customer === 'b'), [any('b')])
  const named = { id: 'n', customerId: 'n', mitraId: 'm1' }
  t.same(chooseAnswered([any('a'), named], { free: one, told: [], isAnyOpen: true }, () => true), [named], 'who waits for this very mitra is told, and the slot is promised to them')
})
