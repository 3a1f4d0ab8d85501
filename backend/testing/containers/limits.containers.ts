import { randomUUID } from 'node:crypto'
import t from 'tap'
import { keepTalking, untilAcked } from '../outage.ts'
import { startPairs } from '../pairs.ts'
import { crowd } from '../crowd.ts'
import { chooseSeed, createRandom } from '../random.ts'
import { eventually } from '../wait.ts'
import { docker, testImage, tryDocker } from './engine.ts'
import { startStack } from './stack.ts'

const seed = chooseSeed()
/** Room for an empty product and little else. */
const DISK = '160m'
/** From when there is space again. */
const BACK_WITHIN_MS = 10_000

t.test(`Postgres’ disk is full, a replica is out of memory (SEED=${seed})`, async (t) => {
  const stack = await startStack(t, {
    over: {
      // A volume in memory is gone with the last container that holds it.
      services: { disk: { image: testImage(), user: 'root', healthcheck: { test: ['CMD', 'true'], interval: '1s' }, entrypoint: ['sleep', '3600'], volumes: ['postgres-data:/disk'], network_mode: 'none', restart: 'always' }, postgres: { depends_on: { disk: { condition: 'service_started' } }, command: ['postgres', '-c', 'max_connections=200', '-c', 'shared_buffers=64MB', '-c', 'min_wal_size=32MB', '-c', 'max_wal_size=48MB'] } },
      volumes: { 'postgres-data': { driver_opts: { type: 'tmpfs', device: 'tmpfs', o: `size=${DISK}` } } },
    },
  })
  const [[person], [other]] = await Promise.all([crowd(stack, { kind: 'customer', count: 1 }), crowd(stack, { kind: 'mitra', count: 1 })])
  const pairs = await startPairs(stack, { count: 4, random: createRandom(seed) })
  t.teardown(() => pairs.stop())
  await untilAcked(pairs)
  const talk = keepTalking(pairs, 30)

  await t.test('a replica that takes more than it may is ended and started again', async (t) => {
    const id = await stack.containerOf('api-1')
    const state = async () => JSON.parse(await docker('inspect', '--format', '{{json .}}', id)) as { RestartCount: number; State: { Health: { Status: string } } }
    // The kernel takes whom it finds dearest: the replica, not the one who fills the memory beside it.
    await stack.exec('api-1', 'sh', '-c', 'echo 1000 > /proc/1/oom_score_adj')
    await tryDocker(['exec', id, 'node', '--max-old-space-size=4096', '-e', 'const all = []; for (;;) all.push(Buffer.alloc(16 * 1024 * 1024, 1))'])
    await eventually(async () => (await state()).RestartCount > 0, 'it is started again', { timeoutMs: 60_000 })
    await eventually(async () => (await state()).State.Health.Status === 'healthy', 'and ready', { timeoutMs: 120_000 })
    await untilAcked(pairs)
    t.equal((await fetch(`${stack.url}/ready`)).status, 200)
  })

  await t.test('a full disk: what can’t be kept is refused by a code, and nothing is acked that is not stored', async (t) => {
    const conversationId = randomUUID()
    await stack.query(`insert into conversations (id, writable_until) values ($1, app_now() + interval '1 day')`, [conversationId])
    await stack.query('insert into conversation_members (conversation_id, user_id) select $1, id from unnest($2::uuid[]) as id', [conversationId, [person!.id, other!.id]])
    const acked: string[] = []
    const write = async () => {
      const clientId = randomUUID()
      const answer = await person!.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId, body: 'and then '.repeat(100) } })
      if (answer.status === 201) acked.push(clientId)
      return answer
    }
    await stack.exec('disk', 'sh', '-c', 'cat /dev/zero > /disk/filler 2>/dev/null || true')
    const refused = await eventually(async () => {
      const answer = await write()
      return answer.status >= 500 ? answer : undefined
    }, 'a write is refused', { timeoutMs: 180_000 })
    t.match(refused.body, { code: String, requestId: String }, `${refused.status} ${refused.text}`)
    await stack.exec('disk', 'rm', '/disk/filler')
    const startedAt = performance.now()
    await eventually(async () => (await write()).status === 201, 'writes are done again', { timeoutMs: 120_000 })
    const tookMs = Math.round(performance.now() - startedAt)
    t.ok(tookMs <= BACK_WITHIN_MS, `right ${tookMs} ms after there was space again`)
    await untilAcked(pairs)
    const stored = await stack.query<{ clientId: string }>('select client_id as "clientId" from messages where conversation_id = $1', [conversationId])
    t.same(acked.filter((clientId) => !stored.some((row) => row.clientId === clientId)), [], `of ${acked.length} that were acked, every one is stored`)
  })

  await talk.end()
  t.same(await pairs.findFaults(), [], `${pairs.acked()} acked, and no fault`)
})
