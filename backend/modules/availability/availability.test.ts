import { Redis } from 'iovalkey'
import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { startMitras } from '../../testing/mitras.ts'
import { approvedMitra, goOffline } from '../../testing/people.ts'
import { eventually } from '../../testing/wait.ts'
import { changeSettings } from '../../testing/settings.ts'
import { createBeacon } from './beacon.ts'

const SNAPSHOT = 'availability:snapshot'

/** Counts that take a moment, as they do under load, and that know how often they were asked. */
function countingQueue() {
  const asked = { times: 0 }
  return {
    asked,
    counts: {
      async countQueue() {
        asked.times += 1
        await new Promise((resolve) => setTimeout(resolve, 60))
        return 7
      },
      estimateWait: async () => ({ p50: 30, p90: 90 }),
    },
  }
}

async function read(beacon: ReturnType<typeof createBeacon>) {
  return JSON.parse((await beacon.read()).body)
}

t.test('the beacon tells anybody who is there, with an ETag', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { snapshotSeconds: 1 } })
  const get = (headers = {}) => call(app.url, 'GET', '/api/v1/availability', { headers })
  const empty = await get()
  t.match(empty, { status: 200, body: { mitrasOnline: 0, mitrasFree: 0, queueLength: 0, waitSeconds: null, asOf: /^\d{4}-.*\.\d{3}Z$/ } })
  t.match(empty.headers['content-type'], /application\/json/)
  const mitra = await approvedMitra(app, { online: true, capacity: 2 })
  await eventually(async () => (await get()).body.mitrasOnline === 1, 'the mitra is counted')
  const answer = await get()
  t.match(answer.body, { mitrasFree: 1, queueLength: 0, waitSeconds: { p50: 0, p90: 0 } })
  const { etag } = answer.headers
  t.match(etag, /^W\/".+"$/)
  const again = await get({ 'if-none-match': `"other", ${etag}` })
  t.match(again, { status: 304, text: '' })
  t.equal(again.headers['etag'], etag)
  t.equal((await get({ 'if-none-match': '"other"' })).status, 200)
  await goOffline(mitra)
  await eventually(async () => (await get({ 'if-none-match': etag! })).status === 200, 'the tag changes with the numbers')
})

t.test('a thousand polls on two replicas cost a count; then memory, snapshot, Postgres in turn', async (t) => {
  const app = await startMitras(t, { replicas: 2, settings: { snapshotSeconds: 60 }, valkeyPatienceMs: 30_000 })
  await app.newMitra({ online: true })
  const { asked, counts } = countingQueue()
  const beacons = app.replicas.map(({ ctx }) => createBeacon(ctx, counts))
  await eventually(() => app.replicas.every(({ ctx }) => ctx.valkey.isUp()), 'Valkey is there')
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, index) => beacons[index % 2]!.read()))
  t.ok(asked.times >= 1 && asked.times <= 2, `${asked.times} counts; one, unless this machine was too slow for Valkey`)
  await eventually(async () => (await beacons[0]!.read()) === (await beacons[0]!.read()), 'its own memory, for a second')
  t.equal(new Set(answers).size, 2, 'made once a replica')
  const client = new Redis(app.valkey.url)
  t.after(() => client.disconnect())
  const text = (await client.get(SNAPSHOT))!
  t.match(JSON.parse(text), { mitrasOnline: 1, mitrasFree: 1, queueLength: 7, waitSeconds: { p50: 30, p90: 90 } })
  t.strictSame((await client.keys('lock:*')), [])

  await client.set(SNAPSHOT, text.replace('"queueLength":7', '"queueLength":8'), 'KEEPTTL')
  await eventually(async () => (await read(beacons[0]!)).queueLength === 8, 'then the snapshot key')
  await client.flushall()
  await eventually(async () => (await read(beacons[1]!)).queueLength === 7 && (await client.exists(SNAPSHOT)) === 1, 'then Postgres, which fills the key again')
  await client.set(SNAPSHOT, '{"mitrasOnline":', 'PX', 600_000)
  await eventually(async () => {
    t.match(await read(beacons[0]!), { mitrasOnline: 1 })
    return (await client.pttl(SNAPSHOT)) <= 60_000
  }, 'what somebody else wrote there is replaced')
})

t.test('without Valkey each replica counts, once a second', async (t) => {
  const app = await startMitras(t, { replicas: 2 })
  await app.valkey.stop()
  const { asked, counts } = countingQueue()
  const beacons = app.replicas.map(({ ctx }) => createBeacon(ctx, counts))
  await Promise.all(Array.from({ length: 500 }, (_, index) => beacons[index % 2]!.read()))
  t.equal(asked.times, 2)
  t.match(await read(beacons[0]!), { mitrasOnline: 0, queueLength: 7 })
})

t.test('a filler that died is followed; a replica that waits for it counts by itself', async (t) => {
  const app = await startMitras(t, { settings: { snapshotSeconds: 60 }, valkeyPatienceMs: 30_000 })
  const { asked, counts } = countingQueue()
  const client = new Redis(app.valkey.url)
  t.after(() => client.disconnect())
  await client.set('lock:availability-snapshot', '1', 'PX', 3000)
  await eventually(() => app.ctx.valkey.isUp(), 'Valkey is there')
  t.match(await read(createBeacon(app.ctx, counts)), { queueLength: 7 })
  t.equal(asked.times, 1)
  await client.del(SNAPSHOT)
  await client.set('lock:availability-snapshot', '1', 'PX', 60_000)
  const waiting = read(createBeacon(app.ctx, counts))
  await client.set(SNAPSHOT, JSON.stringify({ mitrasOnline: 5, mitrasFree: 4, queueLength: 3, waitSeconds: null, asOf: '2026-01-01T00:00:00.000Z' }), 'PX', 60_000)
  t.match(await waiting, { mitrasOnline: 5, queueLength: 3 }, 'who waits for another one takes what that one counted')
  t.equal(asked.times, 1)
  await client.del(SNAPSHOT, 'lock:availability-snapshot')
  await read(createBeacon(app.ctx, counts))
  const leftMs = await client.pttl(SNAPSHOT)
  t.ok(leftMs > 0 && leftMs <= 60_000, 'kept for as long as is set')
})

t.test('numbers that can not be counted anew are the last known; without any, not ready', async (t) => {
  const app = await startMitras(t, { settings: { snapshotSeconds: 1 } })
  let isBroken = true
  const beacon = createBeacon(app.ctx, { countQueue: async () => (isBroken ? Promise.reject(new Error('away')) : 3), estimateWait: async () => null })
  await t.rejects(beacon.read(), { code: 'not_ready' })
  isBroken = false
  const known = await read(beacon)
  t.match(known, { queueLength: 3, waitSeconds: null })
  isBroken = true
  const client = new Redis(app.valkey.url)
  t.after(() => client.disconnect())
  await eventually(async () => (await client.exists(SNAPSHOT)) === 0, 'the snapshot ends')
  t.strictSame(await read(beacon), known, 'with its own time')
})

t.test('while a count takes long nobody waits for it, and when it fails others need not wait for its turn', async (t) => {
  const app = await startMitras(t, { settings: { snapshotSeconds: 1 } })
  let count = async () => 3
  const beacon = createBeacon(app.ctx, { countQueue: () => count(), estimateWait: async () => null })
  const client = new Redis(app.valkey.url)
  t.after(() => client.disconnect())
  await eventually(() => app.ctx.valkey.isUp(), 'Valkey is there')
  const known = await read(beacon)
  const held = Promise.withResolvers<number>()
  count = () => held.promise
  await eventually(async () => !beacon.peek() && (await client.exists(SNAPSHOT)) === 0, 'it has to be counted anew')
  t.strictSame(await read(beacon), known, 'the last known, with their time')
  for (let n = 0; n < 3; n++) t.strictSame(await read(beacon), known)
  t.ok(beacon.peek(), 'in the fast lane too')
  // Its turn would end by itself in a moment: from here on only the one who has it ends it.
  await client.set('lock:availability-snapshot', '1', 'PX', 600_000)
  held.reject(new Error('away'))
  await eventually(async () => (await client.exists('lock:availability-snapshot')) === 0, 'its turn is over with it')
  t.strictSame(await read(beacon), known, 'and the numbers are told on')
  count = async () => 4
  await eventually(async () => (await read(beacon)).queueLength === 4, 'until there are new ones')
})

t.test('the fast lane answers as the usual way does, from the same budget', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { snapshotSeconds: 60 } })
  // A query is nothing that the fast lane knows.
  const [fast, usual] = ['/api/v1/availability', '/api/v1/availability?'].map((path) => (headers = {}) => call(app.url, 'GET', path, { headers: { 'x-request-id': 'the-same-one', 'x-app-version': 'mitra_app/9.0.0', ...headers } }))
  const plain = ({ status, text, headers }: Awaited<ReturnType<typeof call>>) => {
    const { date: _date, 'ratelimit-remaining': remaining, 'ratelimit-reset': _reset, ...others } = headers
    return { remaining: Number(remaining), answer: { status, text, headers: others } }
  }
  await usual!()
  for (const etag of [undefined, (await usual!()).headers['etag']!]) {
    const own = etag === undefined ? {} : { 'if-none-match': etag }
    // The answer in memory lives for a second: one that was made anew in between would be another one.
    const [first, second] = await eventually(async () => {
      const both = [plain(await usual!(own)), plain(await fast!(own))] as const
      return both[0].answer.text === both[1].answer.text ? both : undefined
    }, 'both answer from the same memory')
    t.strictSame(second.answer, first.answer)
    t.equal(second.answer.status, etag === undefined ? 200 : 304)
    t.ok(second.remaining < first.remaining, 'and is counted')
  }
  await changeSettings(app, { maintenance: true })
  t.match(await fast!(), { status: 503, body: { code: 'maintenance' } })
  await changeSettings(app, { mitraMinVersion: '10.0.0' })
  await changeSettings(app, { maintenance: false })
  t.match(await fast!(), { status: 426, body: { code: 'app_update_required' } })
})

t.test('a large budget is shared behind the requests, to one in a hundred', async (t) => {
  const budget = 2000
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { beaconRequests: budget, snapshotSeconds: 60 }, valkeyPatienceMs: 30_000 })
  let admitted = 0
  let next = 0
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let at = next++; at < budget * 1.2; at = next++) {
      const { status } = await call(app.replicas[at % 2]!.url, 'GET', '/api/v1/availability')
      if (status !== 429) admitted++
    }
  }))
  t.ok(admitted >= budget && admitted <= budget * 1.01, `${admitted} of ${budget}`)
})
