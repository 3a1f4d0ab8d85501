import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import { request, type Agent } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { fcmClient, fcmMessage, queuePushes, type NewPush } from '../backend/modules/channels/index.ts'
import type { Ctx } from '../backend/platform/ctx.ts'
import { transact } from '../backend/platform/database.ts'
import { createSettings } from '../backend/platform/settings.ts'
import type { Cluster } from '../backend/testing/cluster.ts'
import { testEnv } from '../backend/testing/env.ts'
import { createFcmSimulatorAgent, type FcmEndpoint } from '../backend/testing/simulators/fcm-agent.ts'
import { spawnSimulators } from '../backend/testing/simulators/spawn.ts'
import { eventually } from '../backend/testing/wait.ts'
import { createWorld } from '../backend/world.ts'
import { withCluster } from './cluster.ts'
import type { Figures } from './figures.ts'

const PUSHES = 3000
const OF_A_COMMIT = 500
const AT_ONCE = 128
const RINGS = 100
const PATIENCE = { timeoutMs: 120_000 }

const message = (token: string) => fcmMessage({
  token, title: 'Sesi selesai', body: 'Terima kasih.', data: { kind: 'session', sessionId: 's-1', pushId: 'p-1' }, tag: 'session:s-1', ttlSeconds: 600, priority: 'normal', quiet: false,
}, Date.now())

/** Pushes a second through the whole engine beside bare requests to the same simulator, over HTTP/2, and how long a ring takes from its commit to FCM. */
export async function benchPush(): Promise<Figures> {
  const simulators = await spawnSimulators()
  try {
    return await withCluster({ replicas: 2, env: { FCM_SIMULATOR: simulators.url } }, async (cluster) => {
      const world = createWorld(testEnv({ DATABASE_URL: cluster.db.url, VALKEY_URL: cluster.valkey.url }), { processMetrics: false, applicationName: 'push-bench' })
      try {
        const query: Cluster['query'] = (text, values) => cluster.query(text, values)
        return await measure({ ctx: { ...world.ctx, settings: createSettings({}) }, query }, simulators)
      } finally {
        await world.close()
      }
    })
  } finally {
    await simulators.stop()
  }
}

type App = { ctx: Ctx; query: Cluster['query'] }

async function measure(app: App, simulators: { url: string; fcm: FcmEndpoint }): Promise<Figures> {
  const people = await makePeople(app)
  const before = await bareRate(simulators.fcm)
  const engine = await engineRate(app, people)
  const after = await bareRate(simulators.fcm)
  const bare = (before + after) / 2
  const h2 = await http2Rate(simulators.fcm)
  const ringMs = await ringLatencies(app, people[0]!, simulators.url)
  const show = (share: number) => `${ringMs[Math.min(ringMs.length - 1, Math.floor(ringMs.length * share))]} ms`
  return {
    summary: `${Math.round(engine.rate)} pushes/s through the engine, ${Math.round(bare)}/s bare requests; a ring is at FCM ${show(0.99)} after its commit (p99)`,
    ratios: [{ name: 'pushes through the engine to bare requests', value: engine.rate / bare, atLeast: 0.3 }],
    rows: [
      [`bare requests over HTTP/1.1, ${AT_ONCE} at once, before / after`, `${Math.round(before)}/s / ${Math.round(after)}/s`],
      [`${PUSHES} pushes, two replicas, HTTP/1.1`, `${Math.round(engine.rate)}/s; ${engine.again} of them were tried again`],
      ['firebase-admin alone over HTTP/2, 500 a call, one after the other', `${Math.round(h2)}/s`],
      [`a ring from its commit to FCM, p50 / p95 / p99 of ${RINGS}`, `${show(0.5)} / ${show(0.95)} / ${show(0.99)}`],
    ],
  }
}

async function makePeople(app: App): Promise<string[]> {
  const ids = Array.from({ length: PUSHES }, () => randomUUID())
  await app.query(`insert into users (id, kind, phone_hash, phone_prefix) select id, 'customer', sha256(id::text::bytea), '+6281234' from unnest($1::uuid[]) id`, [ids])
  await app.query('insert into sign_ins (id, user_id) select id, id from unnest($1::uuid[]) id', [ids])
  await app.query(`insert into devices (id, user_id, sign_in_id, token, platform) select gen_random_uuid(), id, id, id::text, 'android' from unnest($1::uuid[]) id`, [ids])
  await app.query('analyze')
  return ids
}

const newPush = (userId: string, more: Partial<NewPush> = {}): NewPush =>
  ({ userId, kind: 'session', dedupeKey: randomUUID(), title: 'Sesi selesai', body: 'Terima kasih.', data: { kind: 'session', sessionId: userId }, tag: `session:${userId}`, ttlSeconds: 3600, priority: 'normal', ...more })

async function engineRate(app: App, people: readonly string[]): Promise<{ rate: number; again: number }> {
  const startedAt = performance.now()
  for (let from = 0; from < people.length; from += OF_A_COMMIT) {
    await transact(app.ctx, (tx) => queuePushes(tx, people.slice(from, from + OF_A_COMMIT).map((userId) => newPush(userId))))
  }
  await eventually(async () => (await app.query(`select 1 from pushes where state = 'queued' limit 1`)).length === 0, 'all have left', PATIENCE)
  const seconds = (performance.now() - startedAt) / 1000
  const [done] = await app.query<{ sent: number; again: number }>(`select count(*) filter (where state = 'sent')::int as sent, count(*) filter (where tries > 1)::int as again from pushes`)
  if (done!.sent !== people.length) throw new Error(`${done!.sent} of ${people.length} were sent`)
  return { rate: people.length / seconds, again: done!.again }
}

async function bareRate(endpoint: FcmEndpoint): Promise<number> {
  const agent = createFcmSimulatorAgent(endpoint)
  agent.maxSockets = AT_ONCE
  const startedAt = performance.now()
  let left = PUSHES
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while ((left -= 1) >= 0) await post(agent, JSON.stringify({ message: { ...message('bare'), android: { priority: 'normal', ttl: '600s' } } }))
  }))
  agent.destroy()
  return PUSHES / ((performance.now() - startedAt) / 1000)
}

function post(agent: Agent, body: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const call = request('https://fcm.googleapis.com/v1/projects/simulated/messages:send', { agent, method: 'POST', headers: { authorization: 'Bearer x', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (answer) => {
    answer.resume().once('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`FCM said ${answer.statusCode}`))))
  })
  call.once('error', reject)
  call.end(body)
  return promise
}

/** As in production, but for where the connection leads: firebase-admin knows no other host than Google's and takes no option for it, and a bench can't write into the machine's hosts. */
async function http2Rate(endpoint: FcmEndpoint): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'push-bench-'))
  const plain = http2.connect
  try {
    const path = join(folder, 'account.json')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(path, JSON.stringify({ project_id: 'bench', client_email: 'push@bench.example', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) }))
    http2.connect = ((authority: string) => plain(authority, { createConnection: () => connect({ host: endpoint.host, port: endpoint.port, ca: endpoint.ca, servername: 'fcm.googleapis.com', ALPNProtocols: ['h2'] }) })) as typeof plain // the one form that firebase-admin calls
    syncBuiltinESMExports()
    const open = fcmClient({ FIREBASE_SERVICE_ACCOUNT_PATH: path } as Parameters<typeof fcmClient>[0], { accessToken: 'x' }) // all that it reads
    const messaging = await open!()
    const startedAt = performance.now()
    for (let sent = 0; sent < PUSHES; sent += OF_A_COMMIT) {
      const { failureCount, responses } = await messaging.sendEach(Array.from({ length: OF_A_COMMIT }, () => message('over-http2')))
      if (failureCount > 0) throw new Error(`${failureCount} were not accepted: ${responses.find((one) => !one.success)?.error?.code}`)
    }
    return PUSHES / ((performance.now() - startedAt) / 1000)
  } finally {
    http2.connect = plain
    syncBuiltinESMExports()
    rmSync(folder, { recursive: true })
  }
}

/** Sorted, in milliseconds; the simulator's clock is this machine's. */
async function ringLatencies(app: App, mitraId: string, url: string): Promise<number[]> {
  const took: number[] = []
  for (let ring = 0; ring < RINGS; ring++) {
    const token = `ring-${ring}`
    await app.query('update devices set token = $1 where user_id = $2', [token, mitraId])
    await transact(app.ctx, (tx) => queuePushes(tx, [newPush(mitraId, { kind: 'offer', data: { kind: 'offer' }, priority: 'urgent' })]))
    const committedMs = Date.now()
    const at = await eventually(async () => {
      const answer = await fetch(new URL(`/fcm/attempts?token=${token}`, url))
      return ((await answer.json()) as { items: { at: string }[] }).items[0]?.at // our own simulator's answer
    }, 'it rings', { timeoutMs: 30_000 })
    took.push(Math.max(0, Date.parse(at) - committedMs))
  }
  return took.toSorted((a, b) => a - b)
}
