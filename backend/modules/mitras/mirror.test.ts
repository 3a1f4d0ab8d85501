import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'iovalkey'
import t, { type Test } from 'tap'
import { transact } from '../../platform/database.ts'
import { startMitras, type MitrasApp } from '../../testing/mitras.ts'
import { startValkey } from '../../testing/servers/valkey.ts'
import { eventually } from '../../testing/wait.ts'
import { changeSettings } from '../../testing/settings.ts'
import { claimSlots, createLiveness, deactivateMitra, findPresence, freeSlots, reactivateMitra, sweepLiveness } from './index.ts'
import { mirrorSettled } from './mirror.ts'
import { setOnline } from './set-online.ts'

type World = MitrasApp & { valkeyClient: Redis }

async function start(t: Test, options: Parameters<typeof startMitras>[1] = {}): Promise<World> {
  const app = await startMitras(t, options)
  const valkeyClient = new Redis(app.valkey.url, { maxRetriesPerRequest: null })
  valkeyClient.on('error', () => {})
  t.after(() => valkeyClient.disconnect())
  await eventually(() => app.replicas.every(({ ctx }) => ctx.valkey.isUp()), 'every replica has its Valkey')
  return Object.assign(app, { valkeyClient })
}

/** Somebody of every kind: what a mirror has to hold, and what it must not. */
async function everyKind(app: MitrasApp) {
  const [online, busy, stale, offline, serving, applied, deactivated] = await Promise.all([
    app.newMitra({ online: true }), app.newMitra({ online: true, capacity: 3 }), app.newMitra({ online: true, stale: true }), app.newMitra(),
    app.newMitra({ online: true }), app.newMitra({ status: 'applied' }), app.newMitra({ status: 'deactivated' }),
  ])
  await transact(app.ctx, (tx) => claimSlots(tx, [busy, busy, serving]))
  await setOnline(app.ctx, serving, false)
  return { online, busy, stale, offline, serving, applied, deactivated }
}

async function mirrorIn(client: Redis) {
  const keys = (await client.keys('*')).filter((key) => /^(mitras?|availability):/.test(key)).toSorted()
  const capacities = keys.filter((key) => key.startsWith('mitra:capacity:'))
  const used = capacities.length > 0 ? await client.mget(capacities) : []
  return {
    online: (await client.smembers('mitras:online')).toSorted(),
    deactivated: (await client.smembers('mitras:deactivated')).toSorted(),
    used: Object.fromEntries(capacities.map((key, index) => [key.slice('mitra:capacity:'.length), Number(used[index])])),
    heartbeats: keys.filter((key) => key.startsWith('mitra:heartbeat:')).map((key) => key.slice('mitra:heartbeat:'.length)),
    keys,
  }
}

/** The same from rows. */
async function mirrorOf(app: MitrasApp) {
  const rows = await app.query<{ id: string; online: boolean; deactivated: boolean; used: number }>(
    `select user_id as id, status = 'approved' and wants_online and not stale as online, status = 'deactivated' as deactivated, used
     from mitras join mitra_slots on mitra_id = user_id order by user_id`)
  const online = rows.filter((row) => row.online).map((row) => row.id)
  return {
    online, deactivated: rows.filter((row) => row.deactivated).map((row) => row.id),
    used: Object.fromEntries(rows.filter((row) => row.online || row.used > 0).map((row) => [row.id, row.used])), heartbeats: online,
  }
}

async function whole(app: World) {
  const expected = await mirrorOf(app)
  await eventually(async () => {
    const { keys: _keys, ...found } = await mirrorIn(app.valkeyClient)
    return JSON.stringify(found) === JSON.stringify(expected)
  }, 'the mirror is right')
}

const trusted = (app: World) => eventually(() => app.replicas.every(({ mirror }) => mirror.isTrusted()), 'every replica trusts the mirror')

t.test('a rebuild makes exactly the five keys, as Postgres has it', async (t) => {
  const app = await start(t)
  const { online, busy, serving, deactivated } = await everyKind(app)
  await app.valkeyClient.mset('mitra:capacity:gone', '4', 'mitra:heartbeat:gone', 'x', 'mitra:other', 'kept')
  await app.valkeyClient.sadd('mitras:online', 'gone')
  const before = await app.clock.now()
  t.equal(await app.replicas[0]!.mirror.seedFromPostgres(), true)
  const after = await app.clock.now()
  const found = await mirrorIn(app.valkeyClient)
  t.strictSame(found.keys, [
    `mitra:capacity:${busy}`, `mitra:capacity:${online}`, `mitra:capacity:${serving}`, `mitra:heartbeat:${busy}`, `mitra:heartbeat:${online}`,
    'mitra:other', 'mitras:deactivated', 'mitras:online',
  ].toSorted())
  t.strictSame(found.used, { [online]: 0, [busy]: 2, [serving]: 1 })
  t.strictSame([found.online, found.deactivated], [[online, busy].toSorted(), [deactivated]])
  const heartbeat = new Date((await app.valkeyClient.get(`mitra:heartbeat:${online}`))!)
  t.ok(heartbeat >= before && heartbeat <= after, 'the rebuild writes now')
  t.strictSame(await Promise.all(found.keys.map((key) => app.valkeyClient.pttl(key))), found.keys.map(() => -1), 'nothing of it ends by itself')
  t.strictSame((await app.valkeyClient.keys('mirror:*')), ['mirror:whole'], 'nothing of the building is left')

  await app.query(`update mitras set wants_online = false, stale = false; update mitras set status = 'approved'`)
  await app.replicas[0]!.mirror.seedFromPostgres()
  t.strictSame((await mirrorIn(app.valkeyClient)).keys, [`mitra:capacity:${busy}`, `mitra:capacity:${serving}`, 'mitra:other'].toSorted(), 'empty sets are no keys')
})

t.test('every change reaches the mirror after its commit', async (t) => {
  const app = await start(t, { settings: { livenessWriteSeconds: 0 } })
  const [{ ctx, mirror }] = [app.replicas[0]!]
  const [mitra, quiet, staffId] = [await app.newMitra({ capacity: 2 }), await app.newMitra({ online: true, seenSecondsAgo: 500 }), await app.newStaff()]
  const act = { mitraId: mitra, staffId, reason: 'test' }
  await mirror.seedFromPostgres()
  const liveness = createLiveness(ctx)
  t.after(() => liveness.stop())
  await setOnline(ctx, mitra, true)
  t.equal(await app.valkeyClient.sismember('mitras:online', mitra), 1, 'there when the request is answered')
  for (const change of [
    () => transact(ctx, (tx) => claimSlots(tx, [mitra, mitra])),
    () => transact(ctx, (tx) => freeSlots(tx, [mitra])),
    () => transact(ctx, (tx) => deactivateMitra(tx, act)),
    () => transact(ctx, (tx) => reactivateMitra(tx, act)),
    () => setOnline(ctx, mitra, true),
    async () => {
      // After a gap of some seconds nobody is judged.
      await app.clock.stop()
      await app.query(`update liveness_sweep set last_completed_at = app_now(), judges_from = app_now() - interval '1 hour', uninterrupted_since = app_now() - interval '1 hour'`)
      t.strictSame((await sweepLiveness(ctx)).staleIds, [quiet])
      await app.clock.reset()
    },
    async () => {
      liveness.seen(quiet)
      await liveness.flush()
    },
    () => setOnline(ctx, quiet, false),
    () => transact(ctx, (tx) => freeSlots(tx, [mitra])),
  ]) {
    await change()
    await mirrorSettled(ctx)
    const { keys: _keys, ...found } = await mirrorIn(app.valkeyClient)
    t.strictSame(found, await mirrorOf(app))
  }
  const before = await app.valkeyClient.get(`mitra:heartbeat:${mitra}`)
  liveness.seen(mitra)
  await liveness.flush()
  await eventually(async () => (await app.valkeyClient.get(`mitra:heartbeat:${mitra}`)) !== before, 'the heartbeat moves')
  t.equal(await app.valkeyClient.exists(`mitra:heartbeat:${quiet}`), 0)
})

t.test('what is rolled back is not mirrored', async (t) => {
  const app = await start(t)
  const mitra = await app.newMitra({ online: true })
  await app.replicas[0]!.mirror.seedFromPostgres()
  await t.rejects(transact(app.ctx, async (tx) => {
    await claimSlots(tx, [mitra])
    throw new Error('no')
  }))
  await mirrorSettled(app.ctx)
  t.equal(await app.valkeyClient.get(`mitra:capacity:${mitra}`), '0')
})

t.test('FLUSHALL: read from Postgres meanwhile, and rebuilt', async (t) => {
  const app = await start(t, { replicas: 2 })
  const { online, busy } = await everyKind(app)
  for (const { mirror } of app.replicas) mirror.start()
  await trusted(app)
  await app.valkeyClient.flushall()
  for (const { ctx } of app.replicas) {
    t.strictSame(Object.fromEntries(await findPresence(ctx, [online, busy])), { [online]: { isOnline: true, used: 0 }, [busy]: { isOnline: true, used: 2 } })
  }
  await setOnline(app.ctx, online, false)
  await whole(app)
  await trusted(app)
})

t.test('restart empty: rebuilt at the reconnection of every replica', async (t) => {
  const app = await start(t, { replicas: 2 })
  const { online, busy } = await everyKind(app)
  for (const { mirror } of app.replicas) mirror.start()
  await trusted(app)
  await app.valkey.stop()
  await setOnline(app.ctx, online, false)
  await transact(app.replicas[1]!.ctx, (tx) => freeSlots(tx, [busy]))
  t.strictSame(Object.fromEntries(await findPresence(app.ctx, [online, busy])), { [online]: { isOnline: false, used: 0 }, [busy]: { isOnline: true, used: 1 } }, 'Postgres answers')
  const again = await startValkey({ port: app.valkey.port })
  t.after(() => again.stop())
  await whole(app)
  await trusted(app)
})

t.test('a Valkey that hangs for 3 s: what is asked is answered while it hangs, and it is right again', async (t) => {
  const app = await start(t, { replicas: 2, valkeyPatienceMs: 500 })
  const { online, busy } = await everyKind(app)
  for (const { mirror } of app.replicas) mirror.start()
  await trusted(app)
  app.valkey.kill('SIGSTOP')
  const over = sleep(3000) // the fault itself lasts this long
  await setOnline(app.ctx, online, false)
  await transact(app.replicas[1]!.ctx, (tx) => freeSlots(tx, [busy, busy]))
  t.strictSame(Object.fromEntries(await findPresence(app.ctx, [online, busy])), { [online]: { isOnline: false, used: 0 }, [busy]: { isOnline: true, used: 0 } })
  await over
  app.valkey.kill('SIGCONT')
  await whole(app)
  await trusted(app)
})

t.test('a rebuild beside a wipe or beside changes is never half of one', async (t) => {
  const app = await start(t, { replicas: 2 })
  const mitras = await Promise.all(Array.from({ length: 60 }, () => app.newMitra({ online: true, capacity: 5 })))
  await app.replicas[0]!.mirror.seedFromPostgres()
  const over = new AbortController()
  const halves: number[] = []
  const watching = (async () => {
    while (!over.signal.aborted) halves.push(await app.valkeyClient.scard('mitras:online'))
  })()
  const churn = Array.from({ length: 60 }, async (_, index) => {
    const { ctx } = app.replicas[index % 2]!
    const id = mitras[index % 7]!
    await transact(ctx, (tx) => claimSlots(tx, [id]))
    await transact(ctx, (tx) => freeSlots(tx, [id]))
  })
  await Promise.all([...churn, ...Array.from({ length: 6 }, (_, index) => app.replicas[index % 2]!.mirror.seedFromPostgres())])
  over.abort()
  await watching
  t.strictSame([...new Set(halves)], [60], 'no reader saw a part of it')

  await Promise.all([app.replicas[0]!.mirror.seedFromPostgres(), app.valkeyClient.flushall(), app.replicas[1]!.mirror.seedFromPostgres()])
  const size = await app.valkeyClient.scard('mitras:online')
  t.ok(size === 60 || (size === 0 && (await app.valkeyClient.exists('mirror:whole')) === 0), `whole or wiped, not ${size}`)
  for (const { mirror } of app.replicas) mirror.start()
  await whole(app)
})

t.test('two replicas that write the same mitra at once: the last word is right', async (t) => {
  const app = await start(t, { replicas: 2 })
  const mitra = await app.newMitra({ online: true, capacity: 10 })
  for (const { mirror } of app.replicas) await mirror.seedFromPostgres()
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 8 }, (_, index) => transact(app.replicas[index % 2]!.ctx, (tx) => claimSlots(tx, [mitra]))))
    await Promise.all(Array.from({ length: 1 + round }, (_, index) => transact(app.replicas[index % 2]!.ctx, (tx) => freeSlots(tx, [mitra]))))
    for (const { ctx } of app.replicas) await mirrorSettled(ctx)
    t.equal(Number(await app.valkeyClient.get(`mitra:capacity:${mitra}`)), (await app.slots(mitra)).used)
    await transact(app.ctx, (tx) => freeSlots(tx, Array.from({ length: 7 - round }, () => mitra)))
  }
})

t.test('drift is measured by one replica, shown by all, and healed', async (t) => {
  const app = await start(t, { replicas: 2, settings: { driftCheckSeconds: 300 } })
  const { online, busy, deactivated } = await everyKind(app)
  const [a, b] = app.replicas
  const metric = async (replica: typeof a) => (await replica!.ctx.metrics.mirrorDrift.get()).values[0]?.value
  await a!.mirror.seedFromPostgres()
  t.equal(await a!.mirror.measureDrift(), 0)
  t.equal(await b!.mirror.measureDrift(), undefined, 'not two in the same interval')
  t.equal(await metric(b), 0)

  await app.valkeyClient.srem('mitras:online', online)
  await app.valkeyClient.sadd('mitras:online', deactivated, 'garbage')
  await app.valkeyClient.set(`mitra:capacity:${busy}`, '7')
  await app.valkeyClient.del('mirror:drift-turn')
  t.equal(await a!.mirror.measureDrift(), 4)
  t.equal(await metric(a), 4)
  await b!.mirror.measureDrift()
  t.equal(await metric(b), 4, 'the others show what was found')
  await whole(app)
  await app.valkeyClient.del('mirror:drift-turn')
  t.equal(await b!.mirror.measureDrift(), 0)

  await changeSettings(app, { driftCheckSeconds: 1 })
  await app.valkeyClient.del('mirror:drift-turn')
  for (const { mirror } of app.replicas) mirror.start()
  await trusted(app)
  await app.valkeyClient.del(`mitra:heartbeat:${online}`, `mitra:capacity:${busy}`)
  await whole(app)
})

t.test('a rebuild of 10,000 mitras is whole', async (t) => {
  const app = await start(t)
  await app.query(`
    with people as (
      insert into users (id, kind, phone_hash, phone_prefix) select gen_random_uuid(), 'mitra', decode(md5(n::text), 'hex'), '+6281234' from generate_series(1, 10000) n returning id)
    insert into mitras (user_id, status, wants_online, last_seen_at) select id, 'approved', true, app_now() from people`)
  t.equal(await app.replicas[0]!.mirror.seedFromPostgres(), true)
  t.equal(await app.valkeyClient.scard('mitras:online'), 10_000)
})
