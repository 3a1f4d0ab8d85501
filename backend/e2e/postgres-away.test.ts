import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startTestApp, type TestApp } from '../testing/app.ts'
import { startFaultProxy } from '../testing/fault-proxy.ts'
import { keepTalking, untilAcked } from '../testing/outage.ts'
import { startPairs } from '../testing/pairs.ts'
import { chooseSeed, createRandom } from '../testing/random.ts'
import { discardPostgres, startPostgres } from '../testing/servers/postgres.ts'
import { projectRoot } from '../testing/servers/processes.ts'
import { stage } from '../testing/stage.ts'
import { prepareTemplate } from '../testing/template.ts'
import { eventually } from '../testing/wait.ts'

/** Shorter than an outage, so that everybody would be stale and gone if an outage counted; longer than this process may stand still and take to write a sign of life. */
const SETTINGS = { sweepMs: 250, healMs: 500, staleSeconds: 7, goneSeconds: 8, recoverySweepSeconds: 5, livenessWriteSeconds: 0 }
const POOL_MAX = 8

const seed = chooseSeed()

t.test(`Postgres comes back (SEED=${seed} npm test -- e2e/postgres-away)`, async (t) => {
  const dataDir = join(projectRoot, `.data/postgres-away-${process.pid}`)
  // Only its processes die: what reached the kernel is safe, but what never left their memory is not.
  const server = { dataDir, durable: false, settings: { synchronous_commit: 'on' } }
  let postgres = await startPostgres({ ...server, fresh: true })
  t.teardown(async () => {
    await postgres.stop()
    await discardPostgres(dataDir)
  })
  await prepareTemplate(postgres)
  const way = await startFaultProxy(t)
  const app = await startTestApp(t, { replicas: 2, cluster: postgres.url(), through: { postgres: way }, settings: SETTINGS })
  const scene = await stage(app, 'active')
  const pairs = await startPairs(app, { count: 4, random: createRandom(seed) })
  t.teardown(() => pairs.stop())
  // What piles up is sent again and again: not so much that it meets the limit on frames.
  const talk = keepTalking(pairs, 20)
  const beat = setInterval(() => void scene.mitra.call('POST', '/api/v1/mitra/heartbeat').catch(() => {}), 500)
  t.teardown(() => clearInterval(beat))
  await untilAcked(pairs)

  await t.test('cut off without a word: requests are answered, sends are unknown, nobody is stale afterwards', async (t) => {
    const before = await versionsOf(app)
    const unknown = () => pairs.clients.reduce((sum, client) => sum + client.unknown, 0)
    const unknownBefore = unknown()
    way.blackhole()
    const [session, ready] = await Promise.all([scene.customer.call('GET', `/api/v1/sessions/${scene.sessionId}`), fetch(`${app.url}/ready`)])
    t.match(session, { status: 503, body: { code: 'not_ready' }, headers: { 'retry-after': /^\d+$/ } })
    t.equal(ready.status, 503)
    await eventually(() => unknown() > unknownBefore, 'a send is answered: unknown', { timeoutMs: 30_000 })
    t.match(await scene.customer.call('GET', '/api/v1/sessions'), { status: 503, body: { code: 'not_ready' } })
    way.open()
    t.comment(`acked again after ${await untilAcked(pairs)} ms`)
    await isWhole(t, app)
    await judgesAgain(app)
    t.same(await versionsOf(app), before, 'nobody was stale meanwhile')
    t.equal((await scene.row()).state, 'active')
    t.same(await app.query(`select 1 from session_events where session_id = $1 and to_state = 'paused'`, [scene.sessionId]), [])
  })

  await t.test('all of its backends are terminated, again and again', async (t) => {
    for (let round = 0; round < 3; round++) {
      await app.db.terminateBackends()
      t.comment(`acked again after ${await untilAcked(pairs)} ms`)
    }
    await isWhole(t, app)
  })

  await t.test('restarted without a checkpoint', async (t) => {
    await postgres.stop()
    t.match(await scene.customer.call('GET', '/api/v1/sessions'), { status: 503, body: { code: 'not_ready' } })
    postgres = await startPostgres({ ...server, port: postgres.port })
    t.comment(`acked again after ${await untilAcked(pairs)} ms`)
    await isWhole(t, app)
  })

  await talk.end()
  t.same(await pairs.findFaults(), [], `${pairs.acked()} acked, and no fault`)
  t.same(pairs.clients.flatMap((client) => client.rejected), [], 'nothing was refused')
  t.match(await scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`), { status: 200, body: { session: { state: 'ended' } } })
})

/** A mitra who becomes stale, or comes back from it, gets another version. */
async function versionsOf(app: TestApp): Promise<unknown[]> {
  return app.query('select user_id, version, stale from mitras order by user_id')
}

/** Staleness is judged again, and was judged for a moment. */
async function judgesAgain(app: TestApp): Promise<void> {
  await eventually(async () => (await app.query(`select 1 from liveness_sweep where judges_from < app_now() - interval '1 second'`))[0], 'staleness is judged again', { timeoutMs: 60_000 })
}

/** No place in any pool was lost, and every replica is ready. */
async function isWhole(t: Test, app: TestApp): Promise<void> {
  for (const { ctx, url } of app.replicas) {
    const all = () => Promise.all(Array.from({ length: POOL_MAX }, () => ctx.pool.query('select pg_sleep(0.05)'))).then(() => true, () => false)
    await eventually(all, 'as many statements at once as there are connections', { timeoutMs: 30_000 })
    await eventually(async () => (await fetch(`${url}/ready`)).status === 200, 'the replica is ready')
    t.ok(ctx.pool.totalCount <= POOL_MAX)
  }
}
