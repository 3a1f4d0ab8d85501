import fc from 'fast-check'
import t from 'tap'
import { assign, bankTime, type Candidate, capByEscrow, extensionPayUntil, heldShare, isWorthTelling, lengthenedEnd, nextDueWhileActive, returnAll, settle, skipGap, splitFunding, type Standing, type Waiting } from './rules.ts'

t.test('a price is funded by promotional credit, then the wallet, the rest by invoice', async (t) => {
  const rows = [
    { priceIdr: 25_000, promoIdr: 0, walletIdr: 0, want: { promoIdr: 0, walletIdr: 0, invoiceIdr: 25_000 } },
    { priceIdr: 25_000, promoIdr: 5_000, walletIdr: 7_000, want: { promoIdr: 5_000, walletIdr: 7_000, invoiceIdr: 13_000 } },
    { priceIdr: 25_000, promoIdr: 30_000, walletIdr: 7_000, want: { promoIdr: 25_000, walletIdr: 0, invoiceIdr: 0 } },
    { priceIdr: 25_000, promoIdr: 0, walletIdr: 20_000, want: { promoIdr: 0, walletIdr: 15_000, invoiceIdr: 10_000 } },
    { priceIdr: 25_000, promoIdr: 20_000, walletIdr: 2_000, want: { promoIdr: 15_000, walletIdr: 0, invoiceIdr: 10_000 } },
    { priceIdr: 0, promoIdr: 5_000, walletIdr: 5_000, want: { promoIdr: 0, walletIdr: 0, invoiceIdr: 0 } },
    { priceIdr: 8_000, promoIdr: 0, walletIdr: 3_000, want: undefined },
    { priceIdr: 8_000, promoIdr: 8_000, walletIdr: 0, want: { promoIdr: 8_000, walletIdr: 0, invoiceIdr: 0 } },
  ]
  for (const { want, ...input } of rows) t.same(splitFunding({ ...input, minInvoiceIdr: 10_000 }), want, JSON.stringify(input))
})

t.test('a split always covers the price, never takes more than there is, and never makes an invoice that is too small', async (t) => {
  const idr = fc.integer({ min: 0, max: 200_000 })
  t.doesNotThrow(() => fc.assert(fc.property(idr, idr, idr, (priceIdr, promoIdr, walletIdr) => {
    const split = splitFunding({ priceIdr, promoIdr, walletIdr, minInvoiceIdr: 10_000 })
    if (!split) return priceIdr < 10_000
    return split.promoIdr + split.walletIdr + split.invoiceIdr === priceIdr && split.promoIdr <= promoIdr && split.walletIdr <= walletIdr
      && split.promoIdr >= 0 && split.walletIdr >= 0 && (split.invoiceIdr === 0 || split.invoiceIdr >= 10_000)
  })))
})

const purchase = (id: string, minutes: number, priceIdr: number, promoIdr = 0) => ({ id, minutes, priceIdr, promoIdr, walletIdr: 0, invoiceIdr: priceIdr - promoIdr })

t.test('unused time goes back from the last purchase on, rounded up to a rupiah, promotional part first', async (t) => {
  t.same(bankTime([purchase('a', 15, 25_000)], 1), [{ purchaseId: 'a', promoIdr: 0, walletIdr: 28 }], 'one second of 900 is 27.8 rupiah')
  t.same(bankTime([purchase('a', 15, 25_000, 10_000)], 450), [{ purchaseId: 'a', promoIdr: 10_000, walletIdr: 2_500 }])
  t.same(bankTime([purchase('a', 15, 25_000), purchase('b', 30, 45_000)], 1_860), [
    { purchaseId: 'b', promoIdr: 0, walletIdr: 45_000 }, { purchaseId: 'a', promoIdr: 0, walletIdr: 1_667 },
  ])
  t.same(bankTime([purchase('a', 15, 25_000)], 5_000), [{ purchaseId: 'a', promoIdr: 0, walletIdr: 25_000 }], 'never more than its price')
  t.same(bankTime([purchase('a', 15, 25_000)], -5), [{ purchaseId: 'a', promoIdr: 0, walletIdr: 0 }])
  t.same(returnAll(purchase('a', 15, 25_000, 4_000)), { purchaseId: 'a', promoIdr: 4_000, walletIdr: 21_000 })
})

t.test('what goes back is at most what the escrow holds, the last purchase first and its promotional part before its wallet part', async (t) => {
  const returned = [{ purchaseId: 'b', promoIdr: 5_000, walletIdr: 10_000 }, { purchaseId: 'a', promoIdr: 2_000, walletIdr: 8_000 }]
  t.same(capByEscrow(returned, 25_000), returned)
  t.same(capByEscrow(returned, 16_000), [{ purchaseId: 'b', promoIdr: 5_000, walletIdr: 10_000 }, { purchaseId: 'a', promoIdr: 1_000, walletIdr: 0 }])
  t.same(capByEscrow(returned, 6_000), [{ purchaseId: 'b', promoIdr: 5_000, walletIdr: 1_000 }, { purchaseId: 'a', promoIdr: 0, walletIdr: 0 }])
  t.same(capByEscrow(returned, -1).map((part) => part.promoIdr + part.walletIdr), [0, 0])
})

t.test('held back is the share of the promotional part, never more than the share', async (t) => {
  t.equal(heldShare(10_001, 17_500, 70), 7_000)
  t.equal(heldShare(25_000, 17_500, 70), 17_500)
  t.equal(heldShare(25_000, 3, 70), 3, 'a refund has taken out of the escrow')
  t.equal(heldShare(0, 17_500, 70), 0)
})

t.test('what goes back is never more than was paid and never less than its share of time', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.integer({ min: 1, max: 240 }), fc.integer({ min: 0, max: 500_000 }), fc.integer({ min: 0, max: 20_000_000 }), (minutes, priceIdr, unusedMs) => {
    const [back] = bankTime([purchase('a', minutes, priceIdr)], unusedMs / 1000)
    const total = back!.promoIdr + back!.walletIdr
    const exact = Math.min(1, unusedMs / (minutes * 60_000)) * priceIdr
    return total <= priceIdr && total >= exact - 1e-6 && total < exact + 1
  })))
})

t.test('a settlement leaves nothing and gives the mitra the floor of the share', async (t) => {
  t.same(settle(25_000, 70), { mitraIdr: 17_500, platformIdr: 7_500 })
  t.same(settle(33, 70), { mitraIdr: 23, platformIdr: 10 })
  t.same(settle(0, 70), { mitraIdr: 0, platformIdr: 0 })
})

const anyone = (id: string): Waiting => ({ id, customerId: `c-${id}`, namedMitraId: null, anyMitra: false, topic: null, language: null, gender: null })
const mitra = (mitraId: string, idle: number | null, more: Partial<Candidate> = {}): Candidate => (
  { mitraId, free: 1, idleSince: idle === null ? null : new Date(idle), topics: [], languages: ['id'], gender: null, ...more })
const open = (): Standing => 'open'

t.test('the longest idle mitra is taken first, then by id; one who serves somebody comes last', async (t) => {
  const pool = [mitra('z', null), mitra('c', 200), mitra('b', 100), mitra('a', 200)]
  t.same([...assign(['1', '2', '3', '4', '5'].map(anyone), pool, open)], [['1', 'b'], ['2', 'a'], ['3', 'c'], ['4', 'z']])
})

t.test('a named mitra is waited for, unless any would do', async (t) => {
  const named = { ...anyone('1'), namedMitraId: 'b' }
  t.same([...assign([named, anyone('2')], [mitra('a', 1)], open)], [['2', 'a']])
  t.same([...assign([{ ...named, anyMitra: true }], [mitra('a', 1)], open)], [['1', 'a']])
  t.same([...assign([named], [mitra('a', 1), mitra('b', 2)], open)], [['1', 'b']])
  const missed = (_: Waiting, id: string): Standing => (id === 'b' ? 'last' : 'open')
  t.same([...assign([{ ...named, anyMitra: true }], [mitra('a', 1), mitra('b', 2)], missed)], [['1', 'a']], 'who let it pass is the last choice, named or not')
  t.same([...assign([named], [mitra('a', 1), mitra('b', 2)], missed)], [['1', 'b']])
})

t.test('topic, language and gender are met; who declined is never rung again, who missed it only as the last', async (t) => {
  const asks = { ...anyone('1'), topic: 'grief', language: 'id', gender: 'female' }
  const fits = mitra('b', 5, { topics: ['grief'], gender: 'female' })
  t.same([...assign([asks], [mitra('a', 1, { topics: ['grief'], gender: 'male' }), fits], open)], [['1', 'b']])
  t.same([...assign([anyone('1')], [mitra('a', 1), mitra('b', 2)], (_, id) => (id === 'a' ? 'last' : 'open'))], [['1', 'b']])
  t.same([...assign([anyone('1')], [mitra('a', 1)], () => 'last')], [['1', 'a']])
  t.same([...assign([anyone('1')], [mitra('a', 1)], () => 'never')], [])
})

/** People who wait and mitras who are there, with wishes, named mitras, and pairs that are kept apart or have refused. */
const anySituation = fc.record({
  line: fc.array(fc.record({
    named: fc.option(fc.integer({ min: 0, max: 5 })), any: fc.boolean(), topic: fc.constantFrom(null, null, 'x', 'y'), language: fc.constantFrom(null, null, 'en'), gender: fc.constantFrom(null, null, 'female'),
    never: fc.subarray([0, 1, 2, 3, 4]), last: fc.subarray([0, 1, 2, 3, 4]),
  }), { maxLength: 12 }),
  pool: fc.array(fc.record({ free: fc.integer({ min: 0, max: 3 }), topics: fc.subarray(['x', 'y']), languages: fc.constantFrom(['id'], ['id', 'en']), gender: fc.constantFrom(null, 'female', 'male'), idle: fc.option(fc.integer({ min: 0, max: 3 })) }), { maxLength: 5 }),
}).map(({ line, pool }) => {
  const sessions = line.map(({ named, any, topic, language, gender }, index): Waiting => ({ ...anyone(String(index)), namedMitraId: named === null ? null : `m${named}`, anyMitra: any, topic, language, gender }))
  const candidates = pool.map(({ idle, ...more }, index) => mitra(`m${index}`, idle, more))
  const standing = (session: Waiting, mitraId: string): Standing => {
    const { never, last } = line[Number(session.id)]!
    const index = Number(mitraId.slice(1))
    return never.includes(index) ? 'never' : last.includes(index) ? 'last' : 'open'
  }
  return { sessions, candidates, standing }
})

// Written out again: what the rule says must not be proved by the rule.
function accepts(session: Waiting, candidate: Candidate, standing: Standing): boolean {
  if (standing === 'never') return false
  if (session.namedMitraId === candidate.mitraId) return true
  return (session.namedMitraId === null || session.anyMitra) && (session.topic === null || candidate.topics.includes(session.topic))
    && (session.language === null || candidate.languages.includes(session.language)) && (session.gender === null || candidate.gender === session.gender)
}

/** Every free slot by the mitra's id, as it is after these have got theirs. */
function slotsAfter(candidates: readonly Candidate[], taken: Iterable<string>): Map<string, number> {
  const left = new Map(candidates.map(({ mitraId, free }) => [mitraId, free]))
  for (const mitraId of taken) left.set(mitraId, left.get(mitraId)! - 1)
  return left
}

t.test('nobody is overtaken for a mitra whom they would have accepted, and no acceptable slot stays free', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(anySituation, ({ sessions, candidates, standing }) => {
    const assigned = assign(sessions, candidates, standing)
    const left = slotsAfter(candidates, assigned.values())
    const isWithinCapacity = [...left.values()].every((free) => free >= 0)
    const without = sessions.filter((session) => !assigned.has(session.id))
    return isWithinCapacity && without.every((session) => candidates.every((candidate) => !accepts(session, candidate, standing(session, candidate.mitraId))
      || (left.get(candidate.mitraId) === 0 && sessions.filter((other) => assigned.get(other.id) === candidate.mitraId).every((other) => Number(other.id) < Number(session.id)))))
  }), { numRuns: 1000 }))
})

t.test('nobody gets whom they did not ask for, are kept apart from, or who declined', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(anySituation, ({ sessions, candidates, standing }) => {
    const assigned = assign(sessions, candidates, standing)
    return sessions.every((session) => {
      const candidate = candidates.find(({ mitraId }) => mitraId === assigned.get(session.id))
      return candidate === undefined || accepts(session, candidate, standing(session, candidate.mitraId))
    })
  }), { numRuns: 1000 }))
})

t.test('of what those ahead have left everybody gets the first: who let them wait last of all, then the named one, then who is idle longest', async (t) => {
  const byRank = (session: Waiting, standing: Standing, { mitraId, idleSince }: Candidate) => [
    standing === 'last' ? 1 : 0, session.namedMitraId === mitraId ? 0 : 1, idleSince?.getTime() ?? Infinity, mitraId,
  ]
  t.doesNotThrow(() => fc.assert(fc.property(anySituation, ({ sessions, candidates, standing }) => {
    const assigned = assign(sessions, candidates, standing)
    return sessions.every((session, at) => {
      const left = slotsAfter(candidates, sessions.slice(0, at).flatMap(({ id }) => assigned.get(id) ?? []))
      const choices = candidates.filter((candidate) => left.get(candidate.mitraId)! > 0 && accepts(session, candidate, standing(session, candidate.mitraId)))
      const ranked = choices.map((candidate) => byRank(session, standing(session, candidate.mitraId), candidate))
        .toSorted((a, b) => a.map((value, index) => (value === b[index] ? 0 : value < b[index]! ? -1 : 1)).find((order) => order !== 0) ?? 0)
      return assigned.get(session.id) === ranked[0]?.[3]
    })
  }), { numRuns: 1000 }))
})

t.test('who comes later changes nothing for those ahead', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(anySituation, fc.nat(12), ({ sessions, candidates, standing }, count) => {
    const all = [...assign(sessions, candidates, standing)]
    const ahead = [...assign(sessions.slice(0, count), candidates, standing)]
    return JSON.stringify(ahead) === JSON.stringify(all.slice(0, ahead.length))
  }), { numRuns: 500 }))
})

t.test('a decision depends on nothing but who waits and who is there: in whatever order the mitras are read', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(anySituation, fc.func(fc.nat()), ({ sessions, candidates, standing }, rank) => {
    const shuffled = candidates.toSorted((a, b) => rank(a.mitraId) - rank(b.mitraId))
    return JSON.stringify([...assign(sessions, candidates, standing)]) === JSON.stringify([...assign(sessions, shuffled, standing)])
  }), { numRuns: 500 }))
})

t.test('an active session is due at its next warning, then at its end', async (t) => {
  const end = new Date(1_000_000)
  t.equal(nextDueWhileActive(end, new Date(0), [300, 60]).getTime(), 700_000)
  t.equal(nextDueWhileActive(end, new Date(700_000), [300, 60]).getTime(), 940_000)
  t.equal(nextDueWhileActive(end, new Date(940_000), [300, 60]).getTime(), 1_000_000)
})

t.test('a waiting time is told anew when it differs materially, when the place does, or when it is old', async (t) => {
  const options = { percent: 20, leastSeconds: 15, afterSeconds: 60 }
  const told = { position: 4, wait: { p50: 300, p90: 600 }, ageSeconds: 10 }
  const isTold = (position: number, p50: number, p90: number) => isWorthTelling(told, { position, wait: { p50, p90 } }, options)
  t.equal(isTold(4, 300, 600), false)
  t.equal(isTold(4, 259, 521), false, 'less than a fifth')
  t.equal(isTold(4, 240, 600), true)
  t.equal(isTold(4, 300, 720), true)
  t.equal(isTold(3, 300, 600), true, 'one step nearer')
  t.equal(isWorthTelling({ ...told, position: 100 }, { position: 99, wait: told.wait }, options), false, 'far behind a step is nothing')
  t.equal(isWorthTelling({ ...told, wait: { p50: 20, p90: 40 } }, { position: 4, wait: { p50: 10, p90: 30 } }, options), false, 'nor are seconds')
  t.equal(isWorthTelling(told, { position: 4, wait: null }, options), true, 'nobody is there any more')
  t.equal(isWorthTelling({ ...told, ageSeconds: 60 }, told, options), true)
  t.equal(isWorthTelling(undefined, told, options), true)
})

t.test('an extension adds its minutes to the end, or to now where the end is over; a paused remainder grows', async (t) => {
  const at = (minute: number) => new Date(minute * 60_000)
  t.same(lengthenedEnd({ state: 'active', endsAt: at(15) }, at(10), 30), at(45))
  t.same(lengthenedEnd({ state: 'active', endsAt: at(15) }, at(16), 30), at(46))
  t.same(lengthenedEnd({ state: 'paused', endsAt: at(15) }, at(20), 30), at(45), 'it has stood still since')
  t.same(extensionPayUntil({ state: 'active', endsAt: at(15), pausedAt: null }, at(10), 60), at(16))
  t.same(extensionPayUntil({ state: 'paused', endsAt: at(15), pausedAt: at(12) }, at(20), 60), at(24), 'three minutes are left')
  const gap = { from: at(15), until: at(16) }
  t.same([at(14), at(15.5), at(17)].map((when) => skipGap(when, gap)), [at(15), at(16), at(17)])
  t.same(skipGap(at(14), undefined), at(14))
})
