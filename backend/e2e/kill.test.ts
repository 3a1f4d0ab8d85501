import t from 'tap'
import { startCluster } from '../testing/cluster.ts'
import { startPairs } from '../testing/pairs.ts'
import { chooseSeed, createRandom } from '../testing/random.ts'
import { eventually } from '../testing/wait.ts'

const PAIRS = 20
const ACTS = 500
const seed = chooseSeed()

t.test(`an ack survives kill -9 of one of two replicas with ${PAIRS} pairs talking (SEED=${seed} npm test -- e2e/kill)`, async (t) => {
  const cluster = await startCluster(t, { settings: { healMs: 500 } })
  const pairs = await startPairs(cluster, { count: PAIRS, random: createRandom(seed) })
  t.after(() => pairs.stop())
  const talking = pairs.talk(200, (acts) => acts >= ACTS)
  await eventually(() => pairs.acked() > ACTS / 4, 'they are in the middle of it', { timeoutMs: 60_000 })
  await cluster.replicas[0]!.kill('SIGKILL')
  await talking
  t.same(await pairs.findFaults(), [], `${pairs.acked()} acked, and no fault`)
  t.same(pairs.clients.flatMap((client) => client.rejected), [], 'nothing was refused')
  t.ok(pairs.resumedMs().length >= PAIRS, 'those of the dead replica have resumed')
})
