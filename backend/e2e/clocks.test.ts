import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { startCluster, type Cluster } from '../testing/cluster.ts'
import { approvedMitra, customer, expect, type Person } from '../testing/people.ts'
import { projectRoot } from '../testing/servers/processes.ts'
import { connect } from '../testing/socket.ts'
import { invoiceOf, packageOf, startSession } from '../testing/stage.ts'
import { eventually } from '../testing/wait.ts'

const TEN_MINUTES = 600_000
/** How far two clocks may be apart that are right: a busy machine answers late. */
const NEAR_MS = 30_000
/** So long that tokens outlive the minutes of a session by more than all of this takes. */
const TOKEN_SECONDS = 1200

const shifted = (ms: number) => ({ NODE_OPTIONS: `--import=${pathToFileURL(join(projectRoot, 'backend/testing/shifted-clock.ts')).href}?ms=${ms}` })

/** Two replicas, twenty minutes apart: one ahead of Postgres, one behind it. */
async function startApart(...args: Parameters<typeof startCluster>): Promise<Cluster> {
  const cluster = await startCluster(args[0], { ...args[1], replicas: 0 })
  await cluster.startReplica(0, shifted(TEN_MINUTES))
  await cluster.startReplica(1, shifted(-TEN_MINUTES))
  return cluster
}

const timeOfId = (id: string) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)

t.test('the clocks of replicas decide nothing', async (t) => {
  // Time leaps here without anybody being seen meanwhile: nobody is to be judged by that.
  const cluster = await startApart(t, { settings: { sweepMs: 250, healMs: 500, livenessWriteSeconds: 1, recoverySweepSeconds: 600, accessTokenSeconds: TOKEN_SECONDS } })
  const now = async () => (await cluster.db.clock.now()).getTime()
  const near = async (what: string, time: string | number, aheadMs = 0) => {
    const apartMs = Math.abs(new Date(time).getTime() - aheadMs - (await now()))
    t.ok(apartMs < NEAR_MS, `${what} is of Postgres (${Math.round(apartMs)} ms)`)
  }
  for (const [index, { url, internalUrl }] of cluster.replicas.entries()) {
    const started = Number(/^process_start_time_seconds (\S+)$/m.exec(await (await fetch(`${internalUrl}/metrics`)).text())?.[1])
    const aheadMs = started * 1000 - Date.now()
    t.ok(index === 0 ? aheadMs > TEN_MINUTES / 2 : aheadMs < -TEN_MINUTES / 2, `the machine of replica ${index} has another time (${Math.round(aheadMs / 1000)} s)`)
    const { timestamp } = await (await fetch(`${url}/health`)).json() as { timestamp: string }
    await near('the time of a replica', timestamp)
  }

  const [who, mitra] = [await customer(cluster, { replica: 0 }), await approvedMitra(cluster, { replica: 1, online: true })]
  const refreshed = await expect(200, mitra.call('POST', '/api/v1/auth/refresh', { token: undefined, body: { refreshToken: mitra.refreshToken } }))
  await near('the end of a token', refreshed.body.accessTokenExpiresAt, TOKEN_SECONDS * 1000)
  const taken = await Promise.all([who, mitra].flatMap((person) => [0, 1].map(async (replica) => (await person.on(replica).call('GET', '/api/v1/me')).status)))
  t.same(taken, [200, 200, 200, 200], 'either replica takes what the other has signed')

  const { sessionId, conversationId } = await reachActive(cluster, who, mitra)
  const seen = await expect(200, who.on(1).call('GET', `/api/v1/sessions/${sessionId}`))
  await near('the end of the session', seen.body.session.endsAt, 900_000)

  const sockets = await Promise.all([connect(who), connect(mitra)])
  for (const socket of sockets) await near('serverTime', socket.frames[0]!['serverTime'])
  for (let turn = 0; turn < 20; turn++) {
    const clientId = randomUUID()
    sockets[turn % 2]!.send({ type: 'message:send', conversationId, clientId, body: `turn ${turn}` })
    await sockets[turn % 2]!.next('message:ack', { matches: (frame) => frame['clientId'] === clientId })
  }
  const rows = await cluster.query<{ id: string; body: string; sent_at: Date }>('select id, body, sent_at from messages where conversation_id = $1 and sender_id is not null order by seq', [conversationId])
  t.same(rows.map((row) => row.body), Array.from({ length: 20 }, (_, turn) => `turn ${turn}`), 'in the order in which they were sent')
  t.same(rows.map((row) => row.sent_at), rows.map((row) => row.sent_at).toSorted((a, b) => a.getTime() - b.getTime()), 'so are their times')
  t.ok(rows.every((row) => Math.abs(timeOfId(row.id) - row.sent_at.getTime()) < NEAR_MS), 'and ids sort with them, whoever gave them')

  // The minutes of the session and the life of the tokens pass in Postgres alone, and only when they are moved: a minute before its end.
  await cluster.db.clock.stop()
  await cluster.db.clock.set(new Date(new Date(seen.body.session.endsAt).getTime() - 60_000))
  for (const person of [who, mitra]) for (const replica of [0, 1]) await expect(200, person.on(replica).call('GET', '/api/v1/me'))
  t.ok(sockets.every((socket) => socket.isOpen()))
  // Not so far that the mitra counts as gone: who was away before the end has a pause, whichever sweep comes first.
  await eventually(async () => {
    await mitra.call('GET', '/api/v1/me')
    return (await cluster.query(`select 1 from mitras where user_id = $1 and last_seen_at > app_now() - interval '30 seconds'`, [mitra.id]))[0]
  }, 'the mitra was seen', { timeoutMs: 60_000 })
  await cluster.db.clock.advance(65)
  await eventually(async () => (await cluster.query(`select 1 from chat_sessions where id = $1 and state = 'ended'`, [sessionId]))[0], 'the session has ended', { timeoutMs: 60_000 })
  t.equal((await cluster.query<{ end_reason: string }>('select end_reason from chat_sessions where id = $1', [sessionId]))[0]?.end_reason, 'time_up')
  await cluster.db.clock.advance(TOKEN_SECONDS)
  for (const person of [who, mitra]) {
    for (const replica of [0, 1]) {
      await eventually(async () => {
        const answer = await person.on(replica).call('GET', '/api/v1/me')
        return answer.status === 401 && answer.body.code === 'token_expired'
      }, 'the token has ended', { timeoutMs: 60_000 })
    }
  }
  t.same((await Promise.all(sockets.map((socket) => socket.closed))).map((closed) => closed.code), [4401, 4401], 'and so have the sockets')
})

async function reachActive(cluster: Cluster, who: Person, mitra: Person) {
  const { id: packageId } = await packageOf(cluster, 15)
  const started = await expect(201, startSession(who, { packageId, mitraId: mitra.id }))
  await cluster.simulators.control.xendit.pay(await invoiceOf(cluster, started.body.session.id))
  const offer = await eventually(async () => (await mitra.call('GET', '/api/v1/offers')).body.items[0], 'the offer rings', { timeoutMs: 30_000 })
  const accepted = await expect(200, mitra.call('POST', `/api/v1/offers/${offer.id}/accept`))
  return { sessionId: accepted.body.session.id as string, conversationId: accepted.body.session.conversationId as string }
}
