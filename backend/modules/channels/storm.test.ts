import { randomUUID } from 'node:crypto'
import { Redis } from 'iovalkey'
import t from 'tap'
import { startCluster, type Cluster } from '../../testing/cluster.ts'
import { testEnv } from '../../testing/env.ts'
import type { TokenFaultInput } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { createSettings } from '../../platform/settings.ts'
import { createWorld } from '../../world.ts'
import { notify } from '../notifications/index.ts'

const PEOPLE = 600
/** What each hundredth does: the first two for good, the others once. */
const FAULTS: TokenFaultInput[] = [
  'unregistered', 'invalid-token', { behaviour: 'internal', times: 1 }, { behaviour: 'quota-exceeded', times: 1, retryAfterSeconds: 1 }, { behaviour: 'unavailable', times: 1, retryAfterSeconds: 1 },
  { behaviour: 'reset', times: 1 }, { behaviour: 'hang', times: 1 }, { behaviour: 'slow', delayMs: 1500 },
]
const DEAD = 2

type Attempt = { token: string; message: { android: { collapse_key: string; notification: { tag: string } }; apns: { headers: Record<string, string> } } }

/** People with a device each, made in the database. */
async function makePeople(cluster: Cluster): Promise<{ id: string; token: string; fault: number }[]> {
  const people = Array.from({ length: PEOPLE }, (_, index) => ({ id: randomUUID(), token: `storm-${index}`, fault: index % 100 }))
  await cluster.query(`insert into users (id, kind, phone_hash, phone_prefix) select id, 'customer', sha256(id::text::bytea), '+6281234' from unnest($1::uuid[]) id`, [people.map(({ id }) => id)])
  await cluster.query('insert into sign_ins (id, user_id) select id, id from unnest($1::uuid[]) id', [people.map(({ id }) => id)])
  await cluster.query(`insert into devices (id, user_id, sign_in_id, token, platform) select gen_random_uuid(), id, id, token, 'android' from unnest($1::uuid[], $2::text[]) p(id, token)`,
    [people.map(({ id }) => id), people.map(({ token }) => token)])
  return people
}

t.test('a storm of pushes, FCM unwell, a worker killed in the middle, Valkey wiped and away: who can be reached is, once in the inbox', async (t) => {
  const cluster = await startCluster(t, { replicas: 1, settings: { sweepMs: 200 } })
  const { fcm } = cluster.simulators.control
  const people = await makePeople(cluster)
  cluster.simulators.control.setFaults({ seed: 47, fcm: { api: { error: 500, errorRate: 0.03 } } })
  for (const { token, fault } of people) if (FAULTS[fault] !== undefined) fcm.setToken(token, FAULTS[fault])

  const world = createWorld(testEnv({ DATABASE_URL: cluster.db.url, VALKEY_URL: cluster.valkey.url }), { processMetrics: false, applicationName: 'storm' })
  t.after(() => world.close())
  const ctx = { ...world.ctx, settings: createSettings({}) }
  const batches = Array.from({ length: PEOPLE / 100 }, (_, index) => people.slice(index * 100, index * 100 + 100))
  const tell = (batch: typeof people) => transact(ctx, (tx) => notify(tx, batch.map(({ id }) => ({
    userId: id, template: 'session.accepted', dedupeKey: `storm:${id}`, data: { sessionId: id },
  }))))
  await Promise.all(batches.map(tell))
  await eventually(() => cluster.simulators.control.calls('fcm.send') > 50, 'it is in the middle', { timeoutMs: 60_000 })
  await cluster.replicas[0]!.kill('SIGKILL')
  // What it held is followed once its claims are over.
  await cluster.db.clock.advance(21)
  await Promise.all([cluster.startReplica(1), cluster.startReplica(2)])
  // Given again, by somebody who does not know that it was.
  await Promise.all(batches.map(tell))
  const client = new Redis(cluster.valkey.url)
  client.on('error', () => {})
  t.after(() => client.disconnect())
  await client.flushall()
  cluster.valkey.kill('SIGSTOP')
  const waiting = async () => (await cluster.query<{ n: number }>(`select count(*)::int as n from pushes where state = 'queued'`))[0]!.n
  await eventually(async () => (await waiting()) < PEOPLE / 3, 'it goes on without Valkey', { timeoutMs: 90_000 })
  cluster.valkey.kill('SIGCONT')
  await eventually(async () => (await waiting()) === 0, 'every push is settled', { timeoutMs: 120_000 })

  const rows = await cluster.query<{ user_id: string; state: string; reason: string | null; tries: number; tag: string }>('select user_id, state, reason, tries, tag from pushes')
  t.equal(rows.length, PEOPLE)
  const living = people.filter(({ fault }) => fault >= DEAD)
  const reached = living.filter(({ token }) => fcm.messages(token).length > 0)
  t.ok(reached.length >= living.length * 0.99, `${reached.length} of ${living.length} living devices: ${JSON.stringify(Object.entries(Object.groupBy(rows, (row) => `${row.state} ${row.reason}`)).map(([what, some]) => [what, some!.length]))}`)
  t.ok(rows.every((row) => row.tries <= 3))
  // The simulator keeps messages as they came; these are those that this engine makes.
  const attempts = fcm.attempts() as unknown as Attempt[]
  for (const [token, tries] of Map.groupBy(attempts, (attempt) => attempt.token)) {
    const marks = new Set(tries.map(({ message: { android, apns } }) => [android.notification.tag, android.collapse_key, apns.headers['apns-collapse-id']].join(' ')))
    if (marks.size !== 1 || tries.length > 3) t.fail(`${token}: ${tries.length} requests, ${marks.size} tags`)
  }
  const findLeft = async () => new Set((await cluster.query<{ token: string }>('select token from devices')).map(({ token }) => token))
  // Of whoever met another fault at each try nobody has learnt anything.
  const met = new Set(rows.filter(({ reason }) => reason === 'no_device').map((row) => row.user_id))
  // A push is settled beside the removal of what it told of.
  const left = await eventually(async () => {
    const now = await findLeft()
    return people.some(({ id, token, fault }) => fault < DEAD && met.has(id) && now.has(token)) ? undefined : now
  }, 'dead tokens are gone')
  t.same(people.filter(({ token, fault }) => fault >= DEAD && !left.has(token)).map(({ token }) => token), [], 'and no living one')
  t.ok(people.some(({ token }) => !left.has(token)), 'there were some')
  t.same(await cluster.query('select count(*)::int as rows, count(distinct user_id)::int as people from notifications'), [{ rows: PEOPLE, people: PEOPLE }], 'the inbox has each once')
})
