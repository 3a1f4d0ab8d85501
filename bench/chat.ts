import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { v7 } from 'uuid'
import { signIn, type Person } from '../backend/testing/people.ts'
import { startBare } from './bare.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { createPairClient, type PairClient } from './pair-client.ts'
import { startBenchServers, type BenchServers } from './servers.ts'

const PAIRS = 200
/** Sends that one client has under way at saturation. */
const WINDOW = 2
const RAW_CONNECTIONS = 32
const WARM_UP_MS = 2000
const STEADY_PER_SECOND = 500
const BODY = 'Halo, apa kabar hari ini? Semoga harimu menyenangkan.'

type Pair = { conversationId: string; clients: [PairClient, PairClient] }

/**
 * Durable sends (dense seq, idempotent, member-checked), acked and delivered to the peer on the other replica, with 200
 * pairs at saturation; beside raw single-row INSERTs at 32 connections, before and after, on the same Postgres, and
 * beside two bare relays: without any database at saturation, with one INSERT a message and one UPDATE a receipt at a steady
 * rate. At saturation nobody tells what has arrived, so that both sides do the same (and nobody is pushed to for that).
 */
export async function benchChat(options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 2, profileDir: options.profileDir, settings: { pushAfterSeconds: 60 } })
  try {
    const pairs = await makePairs(servers)
    const rawBefore = await rawInserts(servers, options.seconds / 2)
    const busy = await saturate(pairs, options.seconds)
    const rawAfter = await rawInserts(servers, options.seconds / 2)
    const steady = await atRate(pairs, STEADY_PER_SECOND, options.seconds)
    await checkRows(servers, pairs)
    const batch = await averageBatch(servers)
    for (const pair of pairs) for (const client of pair.clients) client.close()
    const relay = await withRelays(servers, {}, (relayed) => saturate(relayed, options.seconds))
    const inserting = await withRelays(servers, { DATABASE_URL: servers.databaseUrl }, (relayed) => atRate(relayed, STEADY_PER_SECOND, options.seconds))
    // The better of both: whatever else the machine did must not flatter the ratio.
    const raw = Math.max(rawBefore, rawAfter)
    const perSecond = (count: number) => `${Math.round(count)}/s`
    const latency = ({ p50, p99 }: Load) => `${p50.toFixed(1)} / ${p99.toFixed(1)} ms`
    return {
      summary: `${(busy.delivered / raw).toFixed(2)} × raw single-row INSERTs, ${(busy.delivered / relay.delivered).toFixed(2)} × a relay without a database (${perSecond(busy.delivered)} delivered, ${perSecond(raw)} raw, ${perSecond(relay.delivered)} relayed)`,
      ratios: [
        { name: 'delivered to raw INSERTs', value: busy.delivered / raw, atLeast: 1 },
        { name: 'delivered to a relay without a database', value: busy.delivered / relay.delivered, atLeast: 0.65 },
        { name: `p50 at ${STEADY_PER_SECOND}/s to one INSERT a message`, value: steady.p50 / inserting.p50, atMost: 1 },
        { name: `p99 at ${STEADY_PER_SECOND}/s to one INSERT a message`, value: steady.p99 / inserting.p99, atMost: 1 },
      ],
      rows: [
        ['raw INSERTs, 32 connections, before / after', `${perSecond(rawBefore)} / ${perSecond(rawAfter)}`],
        ['relay without a database, delivered', perSecond(relay.delivered)],
        ['acked', perSecond(busy.acked)],
        ['delivered to the peer on the other replica', perSecond(busy.delivered)],
        ['messages a commit', batch.toFixed(1)],
        ['at saturation: send to peer p50 / p99', latency(busy)],
        [`at ${STEADY_PER_SECOND} messages/s: send to peer p50 / p99`, latency(steady)],
        ['the same with one INSERT a message, one UPDATE a receipt in a bare relay', latency(inserting)],
      ],
    }
  } finally {
    await servers.stop()
  }
}

async function makePairs(servers: BenchServers): Promise<Pair[]> {
  const place = { replicas: servers.replicas, query: async () => [] }
  const people: [Person, Person][] = []
  for (let from = 0; from < PAIRS; from += 20) {
    people.push(...await Promise.all(Array.from({ length: 20 }, () => Promise.all([signIn(place, { kind: 'customer' }), signIn(place, { kind: 'mitra', replica: 1 })]))))
  }
  const ids = people.map(() => v7())
  await servers.owner.query(`insert into conversations (id, writable_until) select id, now() + interval '1 day' from unnest($1::uuid[]) as id`, [ids])
  await servers.owner.query('insert into conversation_members (conversation_id, user_id) select * from unnest($1::uuid[], $2::uuid[])', [ids.flatMap((id) => [id, id]), people.flat().map((person) => person.id)])
  return Promise.all(people.map(async (pair, index) => ({ conversationId: ids[index]!, clients: await Promise.all(pair.map((person) => createPairClient(person, ids[index]!))) as [PairClient, PairClient] })))
}

/** The same pairs, one member on each of two bare relays. */
async function withRelays(servers: BenchServers, env: Record<string, string>, measured: (pairs: Pair[]) => Promise<Load>): Promise<Load> {
  const relays = await Promise.all(['0', '1'].map((ODD) => startBare('relay-server.ts', [servers.valkeyUrl], { ...env, ODD })))
  try {
    if (env['DATABASE_URL'] !== undefined) await createRawTable(servers)
    const pairs = await Promise.all(Array.from({ length: PAIRS }, async () => {
      const conversationId = v7()
      const clients = await Promise.all(relays.map(({ url }) => createPairClient({ token: conversationId, url }, conversationId)))
      return { conversationId, clients: clients as [PairClient, PairClient] }
    }))
    const load = await measured(pairs)
    for (const pair of pairs) for (const client of pair.clients) client.close()
    return load
  } finally {
    await Promise.all(relays.map((relay) => relay.stop()))
  }
}

type Load = { acked: number; delivered: number; p50: number; p99: number }

async function measure(pairs: Pair[], seconds: number): Promise<Load> {
  const clients = pairs.flatMap((pair) => pair.clients)
  await pause(WARM_UP_MS)
  for (const client of clients) client.reset()
  const startedAt = performance.now()
  await pause(seconds * 1000)
  const took = (performance.now() - startedAt) / 1000
  const acked = clients.reduce((sum, client) => sum + client.acked, 0) / took
  const delivered = clients.reduce((sum, client) => sum + client.received, 0) / took
  const latencies = clients.flatMap((client) => client.latenciesMs).toSorted((a, b) => a - b)
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN
  return { acked, delivered, p50: at(0.5), p99: at(0.99) }
}

async function saturate(pairs: Pair[], seconds: number): Promise<Load> {
  const clients = pairs.flatMap((pair) => pair.clients)
  for (const client of clients) client.keepSending(WINDOW, BODY)
  const load = await measure(pairs, seconds)
  await Promise.all(clients.map((client) => client.finish()))
  return load
}

/** As apps do it: what has arrived is told once a second, on both sides of the comparison. */
async function atRate(pairs: Pair[], perSecond: number, seconds: number): Promise<Load> {
  const clients = pairs.flatMap((pair) => pair.clients)
  for (const client of clients) client.tellDelivered()
  let next = 0
  let sent = 0
  const startedAt = performance.now()
  const timer = setInterval(() => {
    for (const due = ((performance.now() - startedAt) / 1000) * perSecond; sent < due; sent++) clients[next++ % clients.length]!.send(BODY)
  }, 2)
  const load = await measure(pairs, seconds)
  clearInterval(timer)
  await Promise.all(clients.map((client) => client.finish()))
  return load
}

async function createRawTable(servers: BenchServers): Promise<void> {
  await servers.owner.query('drop table if exists raw_messages; create table raw_messages (like messages including all); grant insert on raw_messages to public')
  await servers.owner.query('drop table if exists raw_receipts; create table raw_receipts (conversation_id uuid, user_id uuid, seq bigint, primary key (conversation_id, user_id)); grant select, insert, update on raw_receipts to public')
}

/** Single-row INSERTs into a table with the same columns and indexes, one after the other on each connection. */
async function rawInserts(servers: BenchServers, seconds: number): Promise<number> {
  await createRawTable(servers)
  const pool = new pg.Pool({ connectionString: servers.databaseUrl, max: RAW_CONNECTIONS })
  const conversations = Array.from({ length: PAIRS }, () => v7())
  const sender = v7()
  let done = 0
  let isMeasuring = false
  const endsAt = performance.now() + WARM_UP_MS + seconds * 1000
  await Promise.all(Array.from({ length: RAW_CONNECTIONS }, async (_, worker) => {
    const client = await pool.connect()
    for (let seq = 1; performance.now() < endsAt; seq++) {
      if (!isMeasuring && performance.now() > endsAt - seconds * 1000) isMeasuring = true
      // Two workers never share a conversation's place.
      const conversation = conversations[(seq * RAW_CONNECTIONS + worker) % PAIRS]!
      await client.query({
        name: 'raw', text: 'insert into raw_messages (conversation_id, seq, id, client_id, sender_id, body) values ($1, $2, $3, $4, $5, $6)',
        values: [conversation, seq * RAW_CONNECTIONS + worker, v7(), randomUUID(), sender, BODY],
      })
      if (isMeasuring) done++
    }
    client.release()
  }))
  await pool.end()
  return done / seconds
}

/** What was promised: every ack is a row, every seq dense. */
async function checkRows(servers: BenchServers, pairs: Pair[]): Promise<void> {
  const { rows } = await servers.owner.query<{ messages: string; bad: string }>(`
    select coalesce(sum(n), 0) as messages, count(*) filter (where n <> top or n <> head_seq) as bad
    from (select count(*) as n, max(seq) as top, conversation_id from messages group by conversation_id) m join conversations c on c.id = m.conversation_id`)
  const acked = pairs.flatMap((pair) => pair.clients).reduce((sum, client) => sum + client.ackedInAll, 0)
  if (Number(rows[0]!.bad) > 0) throw new Error(`${rows[0]!.bad} conversations are not dense`)
  if (Number(rows[0]!.messages) !== acked) throw new Error(`${acked} acks, ${rows[0]!.messages} rows`)
}

async function averageBatch(servers: BenchServers): Promise<number> {
  const pages = await Promise.all(servers.replicas.map(async (replica) => (await fetch(`${replica.internalUrl}/metrics`)).text()))
  const read = (name: string) => pages.reduce((sum, page) => sum + Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1] ?? 0), 0)
  return read('chat_send_batch_size_sum') / read('chat_send_batch_size_count')
}
