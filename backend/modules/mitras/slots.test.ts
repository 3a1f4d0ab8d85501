import fc from 'fast-check'
import t from 'tap'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { startMitras } from '../../testing/mitras.ts'
import { eventually } from '../../testing/wait.ts'
import { claimSlots, closeServed, deactivateMitra, findAvailable, findCapacity, freeSlots, openServed, setCapacity, sumHours } from './index.ts'
import { setOnline } from './set-online.ts'

const claim = (ctx: Ctx, ids: readonly string[]) => transact(ctx, (tx) => claimSlots(tx, ids))
const free = (ctx: Ctx, ids: readonly string[]) => transact(ctx, (tx) => freeSlots(tx, ids))

t.test('random claims and frees over two replicas never exceed a capacity, never go below zero, and the count is right', async (t) => {
  const app = await startMitras(t, { replicas: 2 })
  const capacities = [1, 2, 3, 10]
  const mitras = await Promise.all(capacities.map((capacity) => app.newMitra({ capacity, online: true })))
  const held = new Map(mitras.map((id) => [id, 0]))
  const act = fc.record({ kind: fc.constantFrom('claim', 'claim', 'free'), replica: fc.nat(1), of: fc.array(fc.nat(mitras.length - 1), { minLength: 1, maxLength: 6 }) })

  const runOne = async ({ kind, replica, of }: { kind: string; replica: number; of: number[] }) => {
    const { ctx } = app.replicas[replica]!
    const ids = of.map((index) => mitras[index]!)
    if (kind === 'claim') {
      for (const [id, granted] of await claim(ctx, ids)) held.set(id, held.get(id)! + granted)
      return
    }
    // Only what is held is given back, as the sessions do.
    const given = ids.filter((id) => {
      if (held.get(id)! < 1) return false
      held.set(id, held.get(id)! - 1)
      return true
    })
    await free(ctx, given)
  }

  await t.resolves(fc.assert(fc.asyncProperty(fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }), async (rounds) => {
    for (const round of rounds) {
      await Promise.all(round.map(runOne))
      for (const [index, id] of mitras.entries()) {
        const slots = await app.slots(id)
        if (slots.used !== held.get(id) || slots.used < 0 || slots.used > capacities[index]!) throw new Error(`used ${slots.used}, held ${held.get(id)} of ${capacities[index]}`)
        if ((slots.idle_since === null) !== (slots.used > 0) && slots.used > 0) throw new Error('a mitra who serves is not idle')
        const open = (await app.intervals(id, 'busy')).filter((interval) => interval.ended_at === null).length
        if (open !== (slots.used > 0 ? 1 : 0)) throw new Error(`${open} busy intervals are open while ${slots.used} slots are in use`)
      }
    }
  }), { numRuns: 25 }), '25 random runs')
})

t.test('fifty at once for ten slots: exactly ten are granted', async (t) => {
  const app = await startMitras(t, { replicas: 2 })
  const [one, three, six] = await Promise.all([1, 3, 6].map((capacity) => app.newMitra({ capacity, online: true })))
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => claim(app.replicas[index % 2]!.ctx, index % 2 ? [six!, one!, three!] : [three!, six!, one!])))
  const granted = (id: string) => answers.reduce((sum, answer) => sum + (answer.get(id) ?? 0), 0)
  t.strictSame([granted(one!), granted(three!), granted(six!)], [1, 3, 6])
  t.strictSame(await findCapacity(app.ctx.sql), { mitrasOnline: 3, mitrasFree: 0, free: 0 })
  t.strictSame(await findAvailable(app.ctx.sql), [])
})

t.test('a claim answers how many of a mitra it got, and leaves out who has none', async (t) => {
  const app = await startMitras(t)
  const [two, offline, stale, applied, deactivated] = await Promise.all([
    app.newMitra({ capacity: 2, online: true }), app.newMitra(), app.newMitra({ online: true, stale: true }), app.newMitra({ status: 'applied' }), app.newMitra({ status: 'deactivated' }),
  ])
  const granted = await claim(app.ctx, [two, two, two, offline, stale, applied, deactivated, app.ctx.ids.next()])
  t.strictSame([...granted], [[two, 2]])
  t.strictSame([...await claim(app.ctx, [two])], [], 'nothing is left')
  t.strictSame([...await claim(app.ctx, [])], [])
  await free(app.ctx, [two])
  t.strictSame([...await claim(app.ctx, [two, two])], [[two, 1]])
})

t.test('freeing more than is in use stops at zero and is not refused', async (t) => {
  const app = await startMitras(t)
  const mitra = await app.newMitra({ capacity: 2, online: true })
  await claim(app.ctx, [mitra])
  await free(app.ctx, [mitra, mitra, mitra])
  t.equal((await app.slots(mitra)).used, 0)
})

t.test('a claim and a withdrawal at once: whoever is second sees the first', async (t) => {
  const app = await startMitras(t, { replicas: 2 })
  const staffId = await app.newStaff()
  const [a, b] = app.replicas
  for (let round = 0; round < 10; round++) {
    const mitra = await app.newMitra({ capacity: 1, online: true })
    const withdraw = [
      () => setOnline(b!.ctx, mitra, false),
      () => transact(b!.ctx, (tx) => deactivateMitra(tx, { mitraId: mitra, staffId, reason: 'test' })),
    ][round % 2]!
    const [granted] = await Promise.all([claim(a!.ctx, [mitra]), withdraw()])
    t.strictSame(await app.slots(mitra), { used: granted.get(mitra) ?? 0, open_capacity: 0, idle_since: granted.has(mitra) ? null : (await app.slots(mitra)).idle_since })
    t.equal((await claim(a!.ctx, [mitra])).size, 0, 'nothing more after it')
  }
})

t.test('a claim that waits for a withdrawal to commit gets nothing', async (t) => {
  const app = await startMitras(t, { replicas: 2 })
  const mitra = await app.newMitra({ online: true })
  const staffId = await app.newStaff()
  let waiting: Promise<Map<string, number>> | undefined
  await transact(app.replicas[0]!.ctx, async (tx) => {
    await deactivateMitra(tx, { mitraId: mitra, staffId, reason: 'test' })
    waiting = claim(app.replicas[1]!.ctx, [mitra])
    // Asked as the application's role: others' waiting is hidden.
    await eventually(async () => {
      const { rows } = await app.ctx.pool.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
      return rows.length > 0
    }, 'the claim waits')
  })
  t.equal((await waiting!).size, 0)
})

t.test('the longest idle come first, then by id; who serves somebody comes last', async (t) => {
  const app = await startMitras(t)
  const [first, second, busy, tieA, tieB] = await Promise.all([
    app.newMitra(), app.newMitra(), app.newMitra({ capacity: 2 }), app.newMitra(), app.newMitra(),
  ])
  for (const id of [busy, first, second]) {
    await setOnline(app.ctx, id, true)
    await app.clock.advance(10)
  }
  await Promise.all([tieA, tieB].map((id) => setOnline(app.ctx, id, true)))
  await app.query('update mitra_slots set idle_since = app_now() where mitra_id = any($1)', [[tieA, tieB]])
  await claim(app.ctx, [busy])
  const ties = [tieA, tieB].toSorted()
  t.strictSame((await findAvailable(app.ctx.sql)).map((candidate) => candidate.mitraId), [first, second, ...ties, busy])
  await claim(app.ctx, [first])
  await free(app.ctx, [first])
  t.strictSame((await findAvailable(app.ctx.sql)).map((candidate) => candidate.mitraId).slice(0, 1), [second], 'who served is idle from then')
  const candidates = await findAvailable(app.ctx.sql)
  t.match(candidates.find((candidate) => candidate.mitraId === busy), { free: 1, idleSince: null, topics: ['work'], languages: ['id'], gender: null })
})

t.test('a capacity that is lowered below what is in use leaves no free slot, and withdraws', async (t) => {
  const app = await startMitras(t)
  const staffId = await app.newStaff()
  const mitra = await app.newMitra({ capacity: 3, online: true })
  await claim(app.ctx, [mitra, mitra])
  const set = (capacity: number) => transact(app.ctx, (tx) => setCapacity(tx, { mitraId: mitra, staffId, capacity }))
  t.match(await set(2), { capacity: 2, used: 2 })
  t.strictSame(await app.topics(), [], 'still enough')
  t.match(await set(1), { capacity: 1, used: 2 })
  t.strictSame(await app.topics(), [`mitras.unavailable ${mitra}`])
  t.strictSame(await findCapacity(app.ctx.sql), { mitrasOnline: 1, mitrasFree: 0, free: 0 })
  await free(app.ctx, [mitra])
  t.strictSame([...await claim(app.ctx, [mitra])], [], 'used is the capacity again')
  await set(10)
  t.strictSame(await app.topics(), [`mitras.unavailable ${mitra}`, `mitras.available ${mitra}`])
  t.equal((await claim(app.ctx, Array.from({ length: 12 }, () => mitra))).get(mitra), 9)
  for (const capacity of [0, 11, 1.5]) await t.rejects(set(capacity), { code: 'validation_failed' })
})

t.test('hours are true to the second', async (t) => {
  const app = await startMitras(t)
  await app.clock.stop()
  const mitra = await app.newMitra()
  const sessionId = app.ctx.ids.next()
  const from = await app.clock.now()
  await setOnline(app.ctx, mitra, true)
  await app.clock.advance(100)
  await claim(app.ctx, [mitra])
  await app.clock.advance(20)
  await transact(app.ctx, (tx) => openServed(tx, { mitraId: mitra, sessionId }))
  await transact(app.ctx, (tx) => openServed(tx, { mitraId: mitra, sessionId }))
  await app.clock.advance(300)
  const lastSeenAt = await app.clock.now()
  await app.clock.advance(50)
  await transact(app.ctx, (tx) => closeServed(tx, { mitraId: mitra, sessionId, at: lastSeenAt }))
  await app.clock.advance(10)
  await transact(app.ctx, (tx) => openServed(tx, { mitraId: mitra, sessionId }))
  await app.clock.advance(40)
  await transact(app.ctx, (tx) => closeServed(tx, { mitraId: mitra, sessionId }))
  await free(app.ctx, [mitra])
  await app.clock.advance(80)
  const [{ day }] = await app.query<{ day: string }>(`select ($1::timestamptz at time zone 'Asia/Jakarta')::date::text as day`, [from]) as [{ day: string }]
  const hours = (await sumHours(app.ctx.sql, [mitra], { from: day, to: '2100-01-01' }, 'range')).get(mitra)!.get('')!
  t.ok(Math.abs(hours.served - 340_000) < 2000, `served ${hours.served}`)
  t.ok(Math.abs(hours.busy - 420_000) < 2000, `busy ${hours.busy}`)
  t.ok(Math.abs(hours.online - 600_000) < 2000, `online ${hours.online}`)
  t.equal((await app.intervals(mitra, 'served')).length, 2)
})
