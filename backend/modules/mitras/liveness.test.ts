import t, { type Test } from 'tap'
import { startMitras, type MitrasApp, type MitrasOptions } from '../../testing/mitras.ts'
import { eventually } from '../../testing/wait.ts'
import { createLiveness, findAvailable, findLastSeen, findUnseen, sweepLiveness } from './index.ts'
import { setOnline } from './set-online.ts'

const RECOVERY_SECONDS = 90

/** Time goes on only where the test moves it: two sweeps that a slow machine makes seconds apart would be an interruption. */
async function start(t: Test, options: MitrasOptions = {}): Promise<MitrasApp> {
  const app = await startMitras(t, options)
  await app.clock.stop()
  return app
}

/** Uninterrupted sweeping for so long, a second between two sweeps. */
async function sweepFor(app: MitrasApp, seconds: number, sweep: (app: MitrasApp, second: number) => unknown = () => sweepLiveness(app.ctx)) {
  const fromMs = (await app.clock.now()).getTime()
  for (let second = 0; second < seconds; second++) {
    await app.clock.set(new Date(fromMs + (second + 1) * 1000))
    await sweep(app, second)
  }
}

/** As if it had been swept without a gap for long: what a running system looks like. */
async function settle(app: MitrasApp) {
  await app.query(`update liveness_sweep set last_completed_at = app_now(), uninterrupted_since = app_now() - interval '1 hour', judges_from = app_now() - interval '58 minutes'`)
}

async function statusOf(app: MitrasApp, mitraId: string) {
  const [row] = await app.query<{ wants_online: boolean; stale: boolean; last_seen_at: Date }>('select wants_online, stale, last_seen_at from mitras where user_id = $1', [mitraId])
  return row!
}

t.test('a mitra unseen for 60 s leaves new matches, the wish stays; seen again, online again', async (t) => {
  const app = await start(t)
  const [silent, alive] = await Promise.all([app.newMitra(), app.newMitra()])
  const liveness = createLiveness(app.ctx)
  t.after(() => liveness.stop())
  await setOnline(app.ctx, silent, true)
  const silentSince = (await statusOf(app, silent)).last_seen_at
  await settle(app)
  await sweepFor(app, 55)
  t.match(await statusOf(app, silent), { stale: false }, 'not before its time')
  await setOnline(app.ctx, alive, true)
  await sweepFor(app, 7)
  t.match(await statusOf(app, silent), { stale: true, wants_online: true })
  t.strictSame((await findAvailable(app.ctx.sql)).map((candidate) => candidate.mitraId), [alive])
  t.equal((await app.slots(silent)).open_capacity, 0)
  const [interval] = await app.intervals(silent, 'online')
  t.strictSame(interval!.ended_at, silentSince, 'the mitra was there until last seen')
  t.strictSame((await app.topics()).filter((topic) => topic.endsWith(silent)), [`mitras.available ${silent}`], 'offers and holds stay')
  await eventually(() => app.replicas[0]!.frames.find(({ to, frame }) => to[0] === silent && (frame['status'] as { stale: boolean }).stale), 'the mitra is told')

  liveness.seen(silent)
  t.equal(await liveness.flush(), 1)
  t.match(await statusOf(app, silent), { stale: false, wants_online: true })
  t.equal((await findAvailable(app.ctx.sql)).length, 2)
  t.strictSame((await app.topics()).filter((topic) => topic.endsWith(silent)), [`mitras.available ${silent}`, `mitras.available ${silent}`], 'matched anew')
  t.match(await app.intervals(silent, 'online'), [{ ended_at: Date }, { ended_at: null }])
})

t.test('nobody is judged before 90 s of uninterrupted sweeping', async (t) => {
  const app = await start(t)
  const mitra = await app.newMitra({ online: true, seenSecondsAgo: 3600 })
  t.match(await sweepLiveness(app.ctx), { isOurs: true, judged: false, staleIds: [] }, 'the first sweep ever')
  await sweepFor(app, RECOVERY_SECONDS - 6)
  t.equal((await statusOf(app, mitra)).stale, false)
  t.equal((await findUnseen(app.ctx.sql, { mitraIds: [mitra], seconds: 120 })).size, 0, 'nor gone from a session')
  await sweepFor(app, 8)
  t.equal((await statusOf(app, mitra)).stale, true)
  t.equal((await findUnseen(app.ctx.sql, { mitraIds: [mitra], seconds: 120 })).size, 1)
})

t.test('a sweep after a gap marks nobody, and the waiting begins anew', async (t) => {
  const app = await start(t)
  const mitras = await Promise.all([0, 20, 59].map((seenSecondsAgo) => app.newMitra({ online: true, seenSecondsAgo })))
  await settle(app)
  await app.clock.advance(300)
  t.equal((await findUnseen(app.ctx.sql, { mitraIds: mitras, seconds: 60 })).size, 0, 'asked before the first sweep: the gap is added')
  t.match(await sweepLiveness(app.ctx), { isOurs: true, judged: false, staleIds: [] })
  await sweepFor(app, RECOVERY_SECONDS - 6)
  t.equal((await app.query('select 1 from mitras where stale')).length, 0)
  const liveness = createLiveness(app.ctx)
  t.after(() => liveness.stop())
  liveness.seen(mitras[0]!)
  await liveness.flush()
  await sweepFor(app, 8)
  t.equal((await statusOf(app, mitras[0]!)).stale, false, 'came back in time')
  t.equal((await app.query('select 1 from mitras where stale')).length, 2, 'the others had their chance')
})

t.test('a second gap within the waiting starts it again', async (t) => {
  const app = await start(t)
  const mitra = await app.newMitra({ online: true, seenSecondsAgo: 50 })
  await settle(app)
  await app.clock.advance(60)
  await sweepFor(app, 80)
  await app.clock.advance(10)
  await sweepFor(app, 80)
  t.equal((await statusOf(app, mitra)).stale, false)
  await sweepFor(app, 15)
  t.equal((await statusOf(app, mitra)).stale, true)
})

t.test('a short gap is no interruption, but is added to the deadline', async (t) => {
  const app = await start(t)
  const mitra = await app.newMitra({ online: true, seenSecondsAgo: 59.2 })
  await settle(app)
  await app.clock.advance(1.2)
  t.match(await sweepLiveness(app.ctx), { judged: true, staleIds: [] }, '60.4 s unseen, 1.2 s of them without a sweep')
  t.match(await sweepLiveness(app.ctx), { judged: true, staleIds: [mitra] })
})

t.test('the gap is added to the deadline of somebody in a session', async (t) => {
  const app = await start(t)
  const mitra = await app.newMitra({ online: true, seenSecondsAgo: 100 })
  await settle(app)
  const unseen = () => findUnseen(app.ctx.sql, { mitraIds: [mitra], seconds: 120 })
  await app.clock.advance(30)
  t.equal((await unseen()).size, 0, '130 s, of which 30 without a sweep')
  await settle(app)
  t.strictSame([...(await unseen()).keys()], [mitra])
  t.strictSame([...(await unseen()).values()], [(await statusOf(app, mitra)).last_seen_at])
  t.equal((await findUnseen(app.ctx.sql, { mitraIds: [mitra], seconds: 200 })).size, 0)
  t.equal((await findUnseen(app.ctx.sql, { mitraIds: [], seconds: 1 })).size, 0)
})

t.test('two replicas sweep as one: none marks twice, and either keeps the sweeping uninterrupted', async (t) => {
  const app = await start(t, { replicas: 2 })
  await Promise.all(Array.from({ length: 20 }, () => app.newMitra({ online: true, seenSecondsAgo: 100 })))
  await settle(app)
  const sweeps = await Promise.all(app.replicas.map(({ ctx }) => sweepLiveness(ctx)))
  t.equal(sweeps.flatMap((sweep) => sweep.staleIds).length, 20)
  t.equal(new Set(sweeps.flatMap((sweep) => sweep.staleIds)).size, 20)
  // Both alive, then only one of them, then only the other: the system never stopped sweeping.
  const late = await app.newMitra({ online: true })
  await sweepFor(app, 62, (_, second) => Promise.all(second < 10 ? app.replicas.map(({ ctx }) => sweepLiveness(ctx)) : [sweepLiveness(app.replicas[second < 40 ? 0 : 1]!.ctx)]))
  t.equal((await statusOf(app, late)).stale, true, 'one replica that dies interrupts nothing')
})

t.test('a replica that stops in the middle of its sweep blocks nobody else', async (t) => {
  const app = await start(t, { replicas: 2 })
  const client = await app.replicas[0]!.ctx.pool.connect()
  await client.query('begin')
  await client.query('select * from liveness_sweep for update')
  t.match(await sweepLiveness(app.replicas[1]!.ctx), { isOurs: false, judged: false })
  await client.query('rollback')
  client.release()
  t.match(await sweepLiveness(app.replicas[1]!.ctx), { isOurs: true })
})

t.test('signs of life are coalesced: one write, at most every so often a mitra, with the time at which they were seen', async (t) => {
  const app = await start(t, { settings: { livenessWriteSeconds: 60 } })
  const mitras = await Promise.all(Array.from({ length: 30 }, () => app.newMitra({ online: true, seenSecondsAgo: 40 })))
  const liveness = createLiveness(app.ctx)
  t.after(() => liveness.stop())
  const before = await app.clock.now()
  // All in one turn: it writes by itself every second.
  for (let round = 0; round < 100; round++) for (const id of mitras) liveness.seen(id)
  liveness.seen(app.ctx.ids.next())
  t.equal(await liveness.flush(), 30, 'who is no mitra is nobody')
  const written = await findLastSeen(app.ctx.sql, mitras)
  t.ok([...written.values()].every((at) => Math.abs(at.getTime() - before.getTime()) < 20_000))
  await app.clock.advance(60)
  for (const id of mitras) liveness.seen(id)
  t.equal(await liveness.flush(), 0, 'written just now')
  t.strictSame(await findLastSeen(app.ctx.sql, mitras), written)
  await liveness.stop()
  t.ok([...(await findLastSeen(app.ctx.sql, mitras)).entries()].every(([id, at]) => at > written.get(id)!), 'the last ones are not lost')
})

t.test('two replicas write the same mitras at once without a deadlock, and time never goes back', async (t) => {
  const app = await start(t, { replicas: 2, settings: { livenessWriteSeconds: 0 } })
  const mitras = await Promise.all(Array.from({ length: 40 }, () => app.newMitra({ online: true, stale: false })))
  const both = app.replicas.map(({ ctx }) => createLiveness(ctx))
  t.after(() => Promise.all(both.map((liveness) => liveness.stop())))
  for (let round = 0; round < 5; round++) {
    for (const [index, liveness] of both.entries()) for (const id of index ? mitras : mitras.toReversed()) liveness.seen(id)
    const before = await findLastSeen(app.ctx.sql, mitras)
    await Promise.all([...both.map((liveness) => liveness.flush()), ...app.replicas.map(({ ctx }) => sweepLiveness(ctx))])
    const after = await findLastSeen(app.ctx.sql, mitras)
    t.ok(mitras.every((id) => after.get(id)! >= before.get(id)!))
  }
})

t.test('what could not be written is written later', async (t) => {
  const app = await start(t)
  const mitra = await app.newMitra({ online: true, seenSecondsAgo: 40 })
  const liveness = createLiveness(app.ctx)
  t.after(() => liveness.stop())
  const before = (await findLastSeen(app.ctx.sql, [mitra])).get(mitra)!
  await app.query('alter table mitras rename to mitras_away')
  liveness.seen(mitra)
  await t.rejects(liveness.flush())
  await app.query('alter table mitras_away rename to mitras')
  // It may have been written by itself since.
  await liveness.flush()
  t.ok((await findLastSeen(app.ctx.sql, [mitra])).get(mitra)! > before)
})
