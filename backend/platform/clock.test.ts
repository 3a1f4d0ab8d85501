import fc from 'fast-check'
import t from 'tap'
import { createClock } from './clock.ts'
import { createIds } from './ids.ts'

t.test('the clock goes on from what Postgres said last', async (t) => {
  const clock = createClock()
  t.ok(Math.abs(clock.nowMs() - Date.now()) < 60_000, 'the machine’s, as long as nothing else is known')
  const databaseMs = Date.UTC(2030, 0, 1)
  clock.heard(databaseMs, performance.now())
  const first = clock.nowMs()
  t.ok(first >= databaseMs && first < databaseMs + 60_000)
  t.ok(Number.isInteger(first))
  clock.heard(databaseMs + 86_400_000, performance.now() - 5000)
  t.ok(clock.nowMs() < databaseMs + 60_000, 'an answer that took five seconds says nothing')
  clock.heard(databaseMs + 3_600_000, performance.now())
  t.ok(clock.nowMs() >= databaseMs + 3_600_000, 'and a fresh one is followed')
})

const timeOf = (id: string) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)

t.test('ids grow within a process, and sort by the time they were given', async (t) => {
  const step = fc.integer({ min: -900, max: 5000 })
  fc.assert(fc.property(fc.array(step, { minLength: 2, maxLength: 200 }), (steps) => {
    let nowMs = Date.UTC(2026, 0, 1)
    let highest = 0
    const ids = createIds({ nowMs: () => nowMs })
    const made = steps.map((by) => {
      // Corrected by less than a second at a time, and never further back than that in all.
      nowMs = Math.max(nowMs + by, highest - 900)
      highest = Math.max(highest, nowMs)
      return ids.next()
    })
    t.same(made, made.toSorted(), 'in order')
    t.equal(new Set(made).size, made.length)
    if (made.some((id) => timeOf(id) > highest)) t.fail('an id is ahead of its time')
  }), { numRuns: 50 })

  let nowMs = Date.UTC(2026, 0, 1)
  const ids = createIds({ nowMs: () => nowMs })
  t.equal(timeOf(ids.next()), nowMs)
  nowMs -= 600_000
  t.equal(timeOf(ids.next()), nowMs, 'a clock that was ten minutes ahead is followed back')
  t.match(ids.next(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
