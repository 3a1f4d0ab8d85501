import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../backend/testing/cluster.ts'
import type { FaultProxy } from '../backend/testing/fault-proxy.ts'
import { losePublishes } from '../backend/testing/lossy-publishes.ts'
import { keepTalking, untilAcked } from '../backend/testing/outage.ts'
import { startPairs, type Pairs } from '../backend/testing/pairs.ts'
import { chooseSeed, createRandom, type Random } from '../backend/testing/random.ts'
import { eventually } from '../backend/testing/wait.ts'
import { withCluster, type BenchPostgres } from './cluster.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { drillHalfOpen } from './half-open.ts'
import { probeRequests } from './probe.ts'

const PAIRS = 50
const PER_SECOND = 100
const BLACKHOLE_MS = 15_000
const VALKEY_MS = 20_000
const BURSTS = 20

/** `calm`: a pair on both replicas that says nothing by itself, so that nothing of its own piles up. */
type Scene = { cluster: Cluster; postgres: BenchPostgres; pairs: Pairs; calm: Pairs; random: Random; rows: [string, string][] }

/**
 * Everything that a network does to Postgres, Valkey and clients, at production intervals, under pairs that talk; then
 * their history is checked. `--seconds=300` cuts Valkey off for five minutes.
 */
export async function benchFaults(options: BenchOptions): Promise<Figures> {
  const seed = chooseSeed()
  console.log(`SEED=${seed} npm run bench -- faults --seconds=${options.seconds}`)
  return withCluster({ through: ['postgres', 'valkey'], seed }, async (cluster, postgres) => {
    const random = createRandom(seed)
    const pairs = await startPairs(cluster, { count: PAIRS, random })
    const calm = await startPairs(cluster, { count: 1, random })
    await cluster.query('update mitras set wants_online = true, last_seen_at = app_now()')
    const talk = keepTalking(pairs, PER_SECOND)
    const scene: Scene = { cluster, postgres, pairs, calm, random, rows: [] }
    await untilAcked(pairs)
    const postgresMs = await drillPostgres(scene)
    await drillValkey(scene, Math.max(VALKEY_MS, options.seconds * 1000))
    const healMs = await drillPublishes(scene)
    await talk.end()
    const half = await drillHalfOpen(cluster)
    const [stale] = await cluster.query<{ count: string }>('select count(*) from mitras where stale')
    scene.rows.push([`mitras online all the time who are stale in the end, of ${PAIRS + 1}`, String(Number(stale!.count) - 1)])
    const faults = [...await pairs.findFaults(), ...await calm.findFaults()]
    const refused = pairs.clients.flatMap((client) => client.rejected)
    await Promise.all([pairs.stop(), calm.stop()])
    if (faults.length > 0) throw new Error(`the history has ${faults.length} faults:\n${faults.join('\n')}`)
    if (refused.length > 0) throw new Error(`${refused.length} sends were refused: ${refused[0]!.code}`)
    if (cluster.replicas.some((replica) => !replica.isAlive())) throw new Error('a replica has ended')
    return {
      summary: `no fault in ${pairs.history.length} lines of history; Postgres back: served again ≤ ${postgresMs} ms; lost publishes healed ≤ ${healMs} ms; a vanished mitra offline after ${(half.offlineMs / 1000).toFixed(1)} s`,
      rows: [...scene.rows, ...half.rows, ['acked', String(pairs.acked())], ['sends of unknown outcome, sent again', String(pairs.clients.reduce((sum, client) => sum + client.unknown, 0))]],
    }
  })
}

const waysTo = (cluster: Cluster, where: 'postgres' | 'valkey'): FaultProxy[] => cluster.replicas.map((replica) => replica.ways[where]!)

const isReady = (cluster: Cluster, states: readonly string[]) => Promise.all(cluster.replicas.map(async ({ url }) => {
  const answer = await fetch(`${url}/ready`)
  return states.includes(((await answer.json()) as { status: string }).status)
})).then((ready) => ready.every(Boolean))

/** Runs `fault`, and answers the milliseconds from its end until both replicas answered requests and sends again. */
async function drill(scene: Scene, name: string, fault: () => Promise<void>): Promise<number> {
  const probe = probeRequests(scene.cluster, scene.pairs.clients[0]!.person)
  const marked = await versionsOf(scene.cluster)
  await fault()
  const backlog = untilAcked(scene.pairs, 120_000)
  const servedMs = await untilServed(scene)
  const ackedMs = await backlog
  await eventually(() => isReady(scene.cluster, ['ready']), 'every replica is ready', { timeoutMs: 60_000 })
  const requests = await probe.end()
  const isSame = JSON.stringify(await versionsOf(scene.cluster)) === JSON.stringify(marked)
  scene.rows.push([name, `served again after ${servedMs} ms, everything that had piled up acked after ${ackedMs} ms; ${requests}${isSame ? '' : '; MITRAS WERE MARKED'}`])
  console.log(scene.rows.at(-1)!.join(': '))
  return servedMs
}

async function untilServed({ cluster, calm }: Scene): Promise<number> {
  const startedAt = performance.now()
  const answers = cluster.replicas.map((_, replica) => eventually(async () => (await calm.clients[0]!.person.on(replica).call('GET', '/api/v1/sessions')).status === 200, 'requests are answered', { timeoutMs: 120_000 }))
  await Promise.all([untilAcked(calm, 120_000), ...answers])
  return Math.round(performance.now() - startedAt)
}

async function versionsOf(cluster: Cluster): Promise<unknown[]> {
  return eventually(() => cluster.query('select user_id, version, stale from mitras order by user_id').catch(() => undefined), 'mitras can be read', { timeoutMs: 60_000 })
}

async function drillPostgres(scene: Scene): Promise<number> {
  const ways = waysTo(scene.cluster, 'postgres')
  const times = [
    await drill(scene, 'Postgres cut off for 15 s, what was sent is lost', async () => {
      for (const way of ways) way.blackhole()
      await pause(BLACKHOLE_MS)
      for (const way of ways) way.open()
    }),
    await drill(scene, 'Postgres cut off for 15 s, what was sent arrives afterwards', async () => {
      for (const way of ways) way.blackhole({ holds: true })
      await pause(BLACKHOLE_MS)
      for (const way of ways) way.open()
    }),
    await drill(scene, 'the host of Postgres was replaced without a word', async () => {
      for (const way of ways) way.halfOpen()
    }),
    await drill(scene, 'every backend terminated', () => scene.cluster.db.terminateBackends()),
    await drill(scene, 'Postgres restarted at once (immediate)', async () => {
      await scene.postgres.stopAtOnce()
      await scene.postgres.startAgain()
    }),
  ]
  await pause(5000)
  // The host that vanished answers nothing until a statement is given up: not a time of recovery, but of finding out.
  return Math.max(...times.filter((_, at) => at !== 2))
}

async function drillValkey(scene: Scene, ms: number): Promise<void> {
  const ways = waysTo(scene.cluster, 'valkey')
  await drill(scene, `Valkey cut off for ${ms / 1000} s`, async () => {
    for (const way of ways) way.blackhole()
    await pause(ms)
    for (const way of ways) way.open()
  })
  await drill(scene, 'the host of Valkey was replaced without a word', async () => {
    const startedAt = performance.now()
    for (const way of ways) way.halfOpen()
    await eventually(() => isReady(scene.cluster, ['degraded']), 'it is noticed', { timeoutMs: 30_000 })
    await eventually(() => isReady(scene.cluster, ['ready']), 'it is found again', { timeoutMs: 60_000 })
    scene.rows.push(['… commands work again after', `${Math.round(performance.now() - startedAt)} ms`])
  })
}

/** A tenth of the publishes and the last of every burst: the longest until both of every pair have everything. */
async function drillPublishes(scene: Scene): Promise<number> {
  const { random, pairs } = scene
  const losses = waysTo(scene.cluster, 'valkey').map((way) => losePublishes(way, random, 0.1))
  const times: number[] = []
  for (let burst = 0; burst < BURSTS; burst++) {
    const pair = pairs.pairs[random.below(pairs.pairs.length)]!
    for (const loss of losses) loss.probability = 1
    const last = pair.clients[burst % 2]!.send(`the last of burst ${burst}`)
    const startedAt = performance.now()
    await eventually(() => pair.clients[burst % 2]!.acked.has(last), 'it is acked')
    for (const loss of losses) loss.probability = 0.1
    const other = pair.clients[1 - (burst % 2)]!
    await eventually(() => other.said.some((message) => message.clientId === last), 'the other has it', { timeoutMs: 30_000 })
    times.push(performance.now() - startedAt)
  }
  for (const way of waysTo(scene.cluster, 'valkey')) way.open()
  const most = Math.round(Math.max(...times))
  const lost = losses.reduce((sum, loss) => sum + loss.lost, 0)
  scene.rows.push([`${lost} of ${losses.reduce((sum, loss) => sum + loss.passed, lost)} publishes lost, the last of a burst among them`, `delivered after ${most} ms at most`])
  console.log(scene.rows.at(-1)!.join(': '))
  return most
}
