import type { Test } from 'tap'
import { call } from './app.ts'
import { ChatClient } from './chat-client.ts'
import { startCluster, type Cluster, type ClusterOptions, type ClusterReplica } from './cluster.ts'
import { findFaults, readOutcomes, type Entry } from './history.ts'
import { approvedMitra, customer, expect, goOnline, type Person } from './people.ts'
import { invoiceOf, packageOf, startSession } from './stage.ts'
import { eventually } from './wait.ts'

const MESSAGES = 100

type Disturb = (cluster: Cluster) => Promise<void>

/** The whole main job on two replicas, the customer on one and the mitra on the other, while `disturb` breaks things in the middle. */
export async function liveThroughMainJob(t: Test, disturb: Disturb, options: Pick<ClusterOptions, 'db'> = {}): Promise<Cluster> {
  const cluster = await startCluster(t, { ...options, settings: { healMs: 500, sweepMs: 250 } })
  const [{ url }] = cluster.replicas as [ClusterReplica, ClusterReplica]
  const who = await customer(cluster, { replica: 0 })
  const mitra = await approvedMitra(cluster, { replica: 1 })
  const alive = () => cluster.replicas.filter((replica) => replica.isAlive()).map((replica) => replica.url)
  const history: Entry[] = []
  const clients = [new ChatClient(who, alive, history), new ChatClient(mitra, () => alive().toReversed(), history)] as const
  t.after(() => Promise.all(clients.map((client) => client.stop())))

  await goOnline(mitra)
  await eventually(async () => (await call(url, 'GET', '/api/v1/availability')).body.mitrasFree === 1, 'the beacon shows the mitra')
  const { sessionId, conversationId, price } = await reachActive(cluster, who, mitra, clients[0])

  for (const client of clients) client.join(conversationId)
  const disturbed = disturb(cluster)
  await talk(clients)
  await disturbed
  await eventually(() => clients.every((client) => client.outbox.size === 0 && client.said.length === 2 * MESSAGES), 'every message has arrived', { timeoutMs: 90_000 })
  const finals = clients.map((client) => ({ who: client.person.id, conversationId, list: client.list }))
  t.same(findFaults({ history, finals, ...(await readOutcomes(cluster, [conversationId])) }), [], 'the history has no fault')

  await timeUp(t, cluster, sessionId)
  await settled(t, cluster, { sessionId, conversationId, mitraId: mitra.id, price })
  const late = clients[0].send('too late')
  await eventually(() => clients[0].rejected.find((one) => one.clientId === late), 'a send after the end is refused')
  t.equal(clients[0].rejected.at(-1)?.code, 'conversation_closed')
  return cluster
}

async function reachActive(cluster: Cluster, who: Person, mitra: Person, client: ChatClient) {
  const { id: packageId, priceIdr } = await packageOf(cluster, 15)
  const started = await expect(201, startSession(who, { packageId }))
  const { session } = started.body
  await cluster.simulators.control.xendit.pay(await invoiceOf(cluster, session.id))
  const offers = await eventually(async () => {
    const { body } = await mitra.call('GET', '/api/v1/offers')
    return body.items.length > 0 ? body.items : undefined
  }, 'the offer rings on the other replica')
  await expect(200, mitra.call('POST', `/api/v1/offers/${offers[0].id}/accept`))
  await eventually(() => client.session?.['session'].state === 'active', 'the customer hears of the accept')
  const seen = await expect(200, who.call('GET', `/api/v1/sessions/${session.id}`))
  return { sessionId: session.id as string, conversationId: seen.body.session.conversationId as string, price: priceIdr }
}

async function talk(clients: readonly [ChatClient, ChatClient]): Promise<void> {
  for (let index = 0; index < MESSAGES; index++) {
    for (const client of clients) client.send(`message ${index}`)
    if (index % 25 === 10) clients[index % 2]!.cut()
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

async function timeUp(t: Test, cluster: Cluster, sessionId: string): Promise<void> {
  // Its time is over now and goes no further: whoever needs it to, however quick the machine is, never ends the session.
  await cluster.db.clock.stop()
  await cluster.query('update chat_sessions set ends_at = app_now(), due_at = app_now(), version = version + 1 where id = $1', [sessionId])
  await cluster.query('update conversations set writable_until = app_now() where id = (select conversation_id from chat_sessions where id = $1)', [sessionId])
  const ended = await eventually(async () => (await cluster.query<{ late: number; end_reason: string }>(
    `select extract(epoch from ended_at - ends_at)::float8 as late, end_reason from chat_sessions where id = $1 and state = 'ended'`, [sessionId]))[0], 'the session has ended')
  t.equal(ended.end_reason, 'time_up')
  t.equal(ended.late, 0, 'the moment at which it is over is enough')
  await cluster.db.clock.reset()
}

async function settled(t: Test, cluster: Cluster, facts: { sessionId: string; conversationId: string; mitraId: string; price: number }): Promise<void> {
  const rows = await cluster.query<{ account: string; sum: number }>('select account, sum(amount_idr)::int as sum from ledger_entries group by account')
  const sums = new Map(rows.map((row) => [row.account, row.sum]))
  t.equal(sums.get(`session_escrow:${facts.sessionId}`), 0, 'the escrow is zero')
  t.equal(sums.get(`mitra_payable:${facts.mitraId}`), Math.floor(facts.price * 0.7), 'the mitra has earned the share')
  t.equal([...sums.values()].reduce((total, sum) => total + sum, 0), 0, 'the ledger sums to zero')
  const settlements = await cluster.query(`select 1 from ledger_transactions where flow = 'settlement' and session_id = $1`, [facts.sessionId])
  t.equal(settlements.length, 1, 'settled once')
  const slots = await cluster.query<{ used: number }>('select used from mitra_slots where mitra_id = $1', [facts.mitraId])
  t.equal(slots[0]!.used, 0, 'the slot is free again')
}
