import fc from 'fast-check'
import t from 'tap'
import { draw, keyOf, shareUpTo, untilNext, valueAt } from './draws.ts'
import { habitsFrom, NEVER, type Habits } from './habits.ts'
import { simulateWaits, type InLine, type Line, type Running, type Serving } from './simulate-waits.ts'

const options = { seed: 7, offersMax: 3, holdSeconds: 180 }
/** Everybody pays at once, is answered at once and talks to the end; nobody leaves. */
const CERTAIN: Habits = {
  served: Float64Array.of(1, 1), paid: Float64Array.of(0, 0), unpaid: Float64Array.of(0, 0), accepted: Float64Array.of(0, 0), refused: Float64Array.of(0, 0),
  leaving: Float64Array.of(NEVER, NEVER), paidShare: 1, acceptedShare: 1, mitraGoing: 0, mitrasComing: 0,
}
const STEADY: Habits = { ...habitsFrom([]), leaving: CERTAIN.leaving, mitraGoing: 0 }
const USUAL: Habits = { ...habitsFrom([]), mitrasComing: 0.01 }
const serving = (mitraId: string, more: Partial<Serving> = {}): Serving => ({ mitraId, capacity: 1, topics: [], languages: ['id'], gender: null, ...more })
const talking = (mitraId: string, left: number, more: Partial<Running> = {}): Running => ({ id: `s-${mitraId}-${left}`, mitraId, state: 'active', elapsed: 60, left, seconds: left + 60, isExtended: false, ...more })
const inLine = (id: string, more: Partial<InLine> = {}): InLine => ({ id, waited: 0, namedMitraId: null, anyMitra: false, topic: null, language: null, gender: null, isPaid: false, left: 1800, seconds: 900, ...more })

t.test('where nothing is uncertain the wait is that for the slot which comes free after everybody ahead has taken theirs', async (t) => {
  const line: Line = { mitras: [serving('a'), serving('b')], running: [talking('a', 300), talking('b', 100)], waiting: [inLine('1'), inLine('2'), inLine('3')] }
  const { waits, joining } = simulateWaits(line, CERTAIN, options)
  t.same(waits, [{ p50: 100, p90: 100 }, { p50: 300, p90: 300 }, { p50: 1000, p90: 1000 }])
  t.same(joining, { p50: 1200, p90: 1200 })
})

t.test('nobody there: no promise; a mitra who serves above a lowered capacity gives no slot back', async (t) => {
  t.same(simulateWaits({ mitras: [], running: [], waiting: [inLine('1')] }, STEADY, options), { waits: [null], joining: null, runs: 0 })
  const lowered: Line = { mitras: [serving('a')], running: [talking('a', 100), talking('a', 500)], waiting: [] }
  t.same(simulateWaits(lowered, CERTAIN, options).joining, { p50: 500, p90: 500 })
  t.equal(simulateWaits({ mitras: [serving('a')], running: [], waiting: [inLine('1', { gender: 'male' })] }, STEADY, options).waits[0], null, 'nor where nobody is who meets the wish')
})

t.test('who can take only one mitra waits for that one, and stands in nobody’s way', async (t) => {
  const line: Line = {
    mitras: [serving('a'), serving('b', { topics: ['grief'] })], running: [talking('a', 100), talking('b', 700)],
    waiting: [inLine('1', { namedMitraId: 'b' }), inLine('2', { topic: 'grief' }), inLine('3'), inLine('4', { namedMitraId: 'b', anyMitra: true })],
  }
  t.same(simulateWaits(line, CERTAIN, options).waits.map((wait) => wait?.p50), [700, 1600, 100, 1000])
})

t.test('what is known of a running session bears on its end: who has paid, how long it lasts already, that it was extended', async (t) => {
  const waitFor = (running: Running, habits: Habits) => simulateWaits({ mitras: [serving('a')], running: [running], waiting: [] }, habits, options).joining!
  t.same(waitFor(talking('a', 0, { state: 'ringing', seconds: 600 }), CERTAIN), { p50: 600, p90: 600 })
  t.same(waitFor(talking('a', 100, { state: 'held', seconds: 600 }), CERTAIN), { p50: 600, p90: 600 })
  t.same(waitFor(talking('a', 100, { state: 'held', seconds: 600 }), { ...CERTAIN, paidShare: 0, unpaid: Float64Array.of(80, 80) }), { p50: 20, p90: 20 })
  const early = { ...CERTAIN, served: Float64Array.of(0, 0.5, 1, 2) }
  t.ok(waitFor(talking('a', 900, { elapsed: 100 }), early).p50 < 900)
  t.ok(waitFor(talking('a', 100, { elapsed: 900 }), early).p90 > 100, 'the few who are left at the end extend')
  t.ok(waitFor(talking('a', 100, { elapsed: 900, isExtended: true }), early).p90 <= 100, 'and were asked for that already')
})

const seconds = fc.integer({ min: 1, max: 3000 })
const names = ['a', 'b', 'c', 'd', 'e']
const anyLine = fc.record({
  mitras: fc.subarray(names, { minLength: 1 }).chain((ids) => fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), capacity: fc.integer({ min: 1, max: 3 }), topics: fc.subarray(['x', 'y']) })))),
  lefts: fc.array(seconds, { maxLength: 12 }),
  waiting: fc.array(fc.record({ topic: fc.constantFrom(null, null, 'x', 'y'), named: fc.option(fc.constantFrom(...names), { freq: 4 }), any: fc.boolean(), minutes: fc.constantFrom(15, 30, 60) }), { maxLength: 10 }),
}).map(({ mitras, lefts, waiting }): Line => ({
  mitras: mitras.map(({ id, ...more }) => serving(id, more)),
  running: lefts.map((left, at) => talking(mitras[at % mitras.length]!.id, left, { id: `s${at}` })),
  waiting: waiting.map((one, at) => inLine(`w${at}`, { topic: one.topic, namedMitraId: one.named, anyMitra: one.any, seconds: one.minutes * 60 })),
}))
const anybody = anyLine.map((line): Line => ({ ...line, waiting: line.waiting.map((one) => ({ ...one, topic: null, namedMitraId: null, left: Infinity })) }))
const holds = (property: fc.IProperty<[Line]>) => () => fc.assert(property, { numRuns: 60 })

t.test('the same seed gives the same times, in whatever order mitras and sessions are read', async (t) => {
  t.doesNotThrow(holds(fc.property(anyLine, (line) => {
    const before = JSON.stringify(simulateWaits(line, USUAL, options))
    const turned = { ...line, mitras: line.mitras.toReversed(), running: line.running.toReversed() }
    return JSON.stringify(simulateWaits(line, USUAL, options)) === before && JSON.stringify(simulateWaits(turned, USUAL, options)) === before
  })))
})

t.test('a mitra whom nobody in line would take changes nothing for them', async (t) => {
  t.doesNotThrow(holds(fc.property(anyLine, (line) => {
    const waiting = line.waiting.map((one) => ({ ...one, topic: one.topic ?? 'x' })).filter(({ namedMitraId }) => namedMitraId !== 'z')
    const known = { ...line, mitras: line.mitras.map((mitra) => ({ ...mitra, topics: ['x', 'y'] })), waiting }
    const more = { ...known, mitras: [...known.mitras, serving('z', { topics: ['knitting'] })] }
    return JSON.stringify(simulateWaits(known, STEADY, options).waits) === JSON.stringify(simulateWaits(more, STEADY, options).waits)
  })))
})

// Of those who take anybody, and everybody stays: who can take only some, or leaves, may make room by waiting longer themselves.
t.test('one more person ahead never shortens a wait, and nobody waits longer than whoever is behind them', async (t) => {
  t.doesNotThrow(holds(fc.property(anybody, (line) => {
    const { waits, joining } = simulateWaits(line, STEADY, options)
    const more = simulateWaits({ ...line, waiting: [inLine('before', { left: Infinity }), ...line.waiting] }, STEADY, options)
    const far = (wait: { p50: number; p90: number } | null | undefined) => [wait?.p50 ?? Infinity, wait?.p90 ?? Infinity]
    const notBefore = (a: typeof joining | undefined, b: typeof joining) => far(a)[0]! >= far(b)[0]! && far(a)[1]! >= far(b)[1]!
    const isMonotone = [...waits, joining].every((wait, at, all) => at === 0 || notBefore(wait, all[at - 1]!))
    return isMonotone && waits.every((wait, at) => notBefore(more.waits[at + 1], wait)) && notBefore(more.joining, joining)
  })))
})

t.test('nobody waits while a slot is free that they would take and nobody ahead does; the p90 is never below the p50', async (t) => {
  t.doesNotThrow(holds(fc.property(anyLine, (line) => {
    const free = line.mitras.reduce((sum, { capacity }) => sum + capacity, 0)
    const idle = simulateWaits({ ...line, running: [], waiting: line.waiting.slice(0, free - 1).map((one) => ({ ...one, topic: null, namedMitraId: null })) }, USUAL, options)
    const { waits, joining } = simulateWaits(line, USUAL, options)
    return [...idle.waits, idle.joining].every((wait) => wait?.p50 === 0 && wait.p90 === 0) && [...waits, joining].every((wait) => wait === null || (wait.p90 >= wait.p50 && wait.p50 >= 0))
  })))
})

t.test('draws and distributions', async (t) => {
  const draws = Array.from({ length: 20_000 }, (_, run) => draw(keyOf('somebody', 1), run, 3))
  t.ok(Math.abs(draws.reduce((sum, one) => sum + one, 0) / draws.length - 0.5) < 0.01)
  t.ok(draws.every((one) => one > 0 && one < 1))
  const mean = draws.reduce((sum, _, run) => sum + untilNext(1 / 600, keyOf('somebody', 1), run, 3), 0) / draws.length
  t.ok(Math.abs(mean - 600) < 15, `600 s on average: ${mean}`)
  t.equal(untilNext(0, 1, 1, 1), Infinity)
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 66 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
    const quantiles = Float64Array.from(values).toSorted()
    const value = valueAt(quantiles, share)
    return value >= quantiles[0]! && value <= quantiles.at(-1)! && shareUpTo(quantiles, value) >= share - 1e-6
  })))
})

t.test('few observations only pull what is believed, many replace it', async (t) => {
  const believed = habitsFrom([])
  const some = habitsFrom([{ what: 'paidShare', samples: 0, exposure: 5, quantiles: null }, { what: 'served', samples: 3, exposure: 0, quantiles: [0, 0.1] }])
  t.ok(some.paidShare < believed.paidShare && some.paidShare > 0.4)
  t.same(some.served, believed.served)
  const many = habitsFrom([{ what: 'paidShare', samples: 50, exposure: 500, quantiles: null }, { what: 'served', samples: 300, exposure: 0, quantiles: [0, 0.1] }, { what: 'mitraGoing', samples: 600, exposure: 60_000, quantiles: null }])
  t.ok(many.paidShare < 0.12)
  t.same([...many.served], [0, 0.1])
  t.ok(Math.abs(many.mitraGoing - 0.01) < 0.003)
})
