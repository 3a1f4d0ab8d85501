import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { personWithDevices } from './testing/background.ts'
import { startCluster, type Cluster } from './testing/cluster.ts'
import { crowd } from './testing/crowd.ts'
import { call } from './testing/http.ts'
import { connect, type TestSocket } from './testing/socket.ts'
import { startPairs } from './testing/pairs.ts'
import type { Person } from './testing/people.ts'
import { chooseSeed, createRandom } from './testing/random.ts'
import { eventually } from './testing/wait.ts'

/** Longer than this machine may stand still: a replica that was still for all of it could not tell anybody that it goes. */
const DRAIN_SECONDS = 6
/** By then a balancer has looked; what it sends there later is its own fault. */
const LOOK_MS = 1000
/** Every step of stopping has its own deadline, 20 s together, on a machine that does nothing else. */
const ENDED_MS = 60_000
/** So many that closing them, a tenth of a second apart, takes longer than this machine may stand still. */
const SOCKETS = 48
const LOAD = 8
const PAIRS = 6
const PUSHES = 10
const seed = chooseSeed()

type Fault = { path: string; what: string; replica: number; sentMs: number }

/** Requests one after another, as a balancer sends them: to the first replica while it is ready, then to the second. */
async function load(cluster: Cluster, people: readonly Person[], isReady: () => boolean, isOver: () => boolean): Promise<{ answered: number; faults: Fault[] }> {
  const faults: Fault[] = []
  let answered = 0
  const worker = async (index: number) => {
    const person = people[index % people.length]!
    for (let turn = 0; !isOver(); turn++) {
      const replica = isReady() ? 0 : 1
      const { url } = cluster.replicas[replica]!
      const method = turn % 3 === 0 ? 'PATCH' : 'GET'
      const path = turn % 3 === 2 ? '/api/v1/packages' : '/api/v1/me'
      const sentMs = performance.now()
      try {
        const answer = await call(url, method, path, { token: person.token, ...(method === 'PATCH' ? { body: { displayName: `Citra ${turn}` } } : {}) })
        if (answer.status >= 500) faults.push({ path, what: `${answer.status} ${answer.text}`, replica, sentMs })
        answered++
      } catch (error) {
        faults.push({ path, what: String(error instanceof Error ? (error.cause ?? error) : error), replica, sentMs })
      }
      await sleep(10)
    }
  }
  await Promise.all(Array.from({ length: LOAD }, (_, index) => worker(index)))
  return { answered, faults }
}

t.test(`a replica that is asked to stop leaves without anybody noticing (SEED=${seed} npm test -- drain)`, async (t) => {
  const cluster = await startCluster(t, { replicas: 0 })
  await cluster.startReplica(0, { DRAIN_SECONDS: String(DRAIN_SECONDS) })
  await cluster.startReplica(1, { DRAIN_SECONDS: '2' })
  const [leaving] = cluster.replicas
  const people = (await crowd(cluster, { kind: 'customer', count: SOCKETS / 4 })).map((person) => person.on(0))
  const sockets: TestSocket[] = await Promise.all(Array.from({ length: SOCKETS }, (_, index) => connect(people[index % people.length]!)))
  let isReady = true
  let isOver = false
  const working = load(cluster, people, () => isReady, () => isOver)
  const pairs = await startPairs(cluster, { count: PAIRS, random: createRandom(seed) })
  t.after(() => pairs.stop())
  const talking = pairs.talk(60, () => isOver)
  const watching = (async () => {
    while (isReady) {
      const answer = await call(leaving!.url, 'GET', '/ready')
      // A Postgres that stood still for a moment is told as well: that is not what is waited for.
      if (answer.body.dependencies.process.status === 'draining') {
        t.match(answer, { status: 503, body: { status: 'not_ready' } })
        isReady = false
      }
      await sleep(20)
    }
  })()
  await eventually(() => pairs.acked() > PAIRS, 'they talk', { timeoutMs: 60_000 })

  const askedMs = performance.now()
  const lookedMs = askedMs + LOOK_MS
  const exited = leaving!.kill('SIGTERM')
  const closings = await Promise.all(sockets.map(async (socket) => ({ ...(await socket.closed), afterMs: performance.now() - askedMs })))
  t.equal(await exited, 0)
  t.ok(performance.now() - askedMs < ENDED_MS, `${Math.round(performance.now() - askedMs)} ms`)
  await watching
  isOver = true
  await talking
  const { answered, faults } = await working
  // A balancer has so long to look; where this process stood still for longer, it was the one to be late.
  t.same(faults.filter(({ replica, sentMs }) => replica === 1 || sentMs < lookedMs), [], 'no 5xx, no reset')
  t.ok(answered > 20, `${answered} requests`)
  t.same([...new Set(closings.map((closing) => closing.code))], [1012])
  const times = closings.map((closing) => closing.afterMs).toSorted((a, b) => a - b)
  t.ok(times.at(-1)! - times[0]! > (DRAIN_SECONDS * 1000) / 10, 'sockets are spread over the time, so that nobody sees a herd')

  t.same(await pairs.findFaults(), [], `${pairs.acked()} messages of those who moved over, and no fault`)

  t.comment('the other one, with Valkey stopped, in the middle of pushes')
  cluster.valkey.kill('SIGSTOP')
  const { fcm } = cluster.simulators.control
  const userId = await personWithDevices(cluster, ['phone'])
  fcm.setToken('phone', { behaviour: 'slow', delayMs: 100 })
  await cluster.query(`
    insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, expires_at)
    select gen_random_uuid(), $1, 'session', n::text, 'Judul', 'Isi', '{"kind": "session"}', n::text, app_now() + interval '1 hour' from generate_series(1, $2::int) n`, [userId, PUSHES])
  await eventually(() => cluster.simulators.control.calls('fcm.send') > 0, 'it is at them', { timeoutMs: 60_000 })
  const otherMs = performance.now()
  t.equal(await cluster.replicas[1]!.kill('SIGTERM'), 0)
  t.ok(performance.now() - otherMs < ENDED_MS, `${Math.round(performance.now() - otherMs)} ms`)
  t.same(await cluster.query(`select state, attempts from pushes where user_id = $1 and state = 'queued' and tries > 0 and reason is null`, [userId]), [], 'what it had begun it has finished')
})
