import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { v7 } from 'uuid'
import { testVariables } from '../backend/testing/env.ts'
import { freePort, projectRoot } from '../backend/testing/servers/processes.ts'
import { testSecrets } from '../backend/testing/simulators/index.ts'
import { spawnSimulators } from '../backend/testing/simulators/spawn.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { makeMitras } from './mitras.ts'
import { startBenchServers, type BenchServers } from './servers.ts'

const REPLICAS = 2
const CONNECTIONS = 32
const WARM_UP_MS = 1500
/** Paid invoices whose money is applied; those before the mark only warm the replicas up. */
const PAYMENTS = 1600
const WARM_UP_PAYMENTS = 400
/** One machine plays the provider too: its budget of calls is not what is measured. */
const SETTINGS = { providerCallsPerMinute: 100_000 }
/** Storing is measured without judging: nothing wakes the workers, and the sweeps come rarely. */
const UNJUDGED = { sweepMs: 10_000 }
const NO_VALKEY = 'redis://127.0.0.1:1'
const HEAD_END = Buffer.from('\r\n\r\n')

type Replica = { url: string; stop(): Promise<void> }

/**
 * Webhooks verified, stored and acknowledged by two replicas, beside raw single-row INSERTs of the same row at 32
 * connections, before and after, on the same Postgres; then how fast paid invoices are read back and applied.
 */
export async function benchWebhooks(options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 0, settings: { ...SETTINGS, ...UNJUDGED } })
  const simulators = await spawnSimulators()
  const withReplicas = async <T>(valkeyUrl: string, work: (replicas: readonly Replica[]) => Promise<T>): Promise<T> => {
    const replicas = await Promise.all(Array.from({ length: REPLICAS }, () => startReplica({ DATABASE_URL: servers.databaseUrl, VALKEY_URL: valkeyUrl }, simulators.url, options.profileDir)))
    try {
      return await work(replicas)
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()))
    }
  }
  try {
    const rawBefore = await rawInserts(servers, options.seconds / 2)
    const stored = await withReplicas(NO_VALKEY, (replicas) => storeWebhooks(servers, replicas, options.seconds))
    const rawAfter = await rawInserts(servers, options.seconds / 2)
    await servers.owner.query(`delete from settings where key = 'sweepMs'; update provider_inbox set state = 'parked', reason = 'unknown_order', settled_at = app_now() where state = 'received'`)
    const applied = await withReplicas(servers.valkeyUrl, (replicas) => applyPayments(servers, simulators.url, replicas))
    // The better of both: whatever else the machine did must not flatter the ratio.
    const raw = Math.max(rawBefore, rawAfter)
    const perSecond = (count: number) => `${Math.round(count)}/s`
    return {
      summary: `${(stored / raw).toFixed(2)} × raw single-row INSERTs (${perSecond(stored)} stored and acknowledged, ${perSecond(raw)} raw), ${perSecond(applied)} applied`,
      ratios: [{ name: 'stored and acknowledged to raw INSERTs', value: stored / raw, atLeast: 0.5 }],
      rows: [
        ['raw INSERTs, 32 connections, before / after', `${perSecond(rawBefore)} / ${perSecond(rawAfter)}`],
        ['verified, stored and acknowledged by two replicas', perSecond(stored)],
        [`${PAYMENTS - WARM_UP_PAYMENTS} paid invoices, after ${WARM_UP_PAYMENTS} to warm up: read back and applied`, perSecond(applied)],
      ],
    }
  } finally {
    await simulators.stop()
    await servers.stop()
  }
}

async function startReplica(urls: { DATABASE_URL: string; VALKEY_URL: string }, simulatorUrl: string, profileDir: string | undefined): Promise<Replica> {
  const [port, internalPort] = [await freePort(), await freePort()]
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`]
  const child = spawn(process.execPath, [...profile, join(projectRoot, 'backend/main.ts')], {
    env: {
      PATH: process.env['PATH'],
      ...testVariables(urls, {
        PORT: String(port), INTERNAL_PORT: String(internalPort), POOL_MAX: '20', LOG_LEVEL: 'warn', XENDIT_ENABLED: 'true', XENDIT_BASE_URL: `${simulatorUrl}/xendit`,
        XENDIT_SECRET_KEY: testSecrets.xenditSecretKey, XENDIT_WEBHOOK_TOKEN: testSecrets.xenditWebhookToken,
        XENDIT_SUCCESS_REDIRECT_URL: 'http://127.0.0.1/payment/return/success', XENDIT_FAILURE_REDIRECT_URL: 'http://127.0.0.1/payment/return/failure',
      }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  for (const giveUpAt = performance.now() + 30_000; ;) {
    if (child.exitCode !== null || performance.now() > giveUpAt) throw new Error('a replica did not start')
    if (await fetch(`${url}/ready`).then((answer) => answer.ok, () => false)) break
    await pause(50)
  }
  return {
    url,
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

let made = 0
/** As Xendit sends them, about an order that nobody knows: each is a row of its own. */
const newBody = (): string => JSON.stringify({
  id: `64f0${String(++made).padStart(20, '0')}`, external_id: v7(), user_id: '5e0f1d2c3b4a59687d6c5b4a', is_high: false, status: 'PAID', merchant_name: 'Halobestie', amount: 25_000, paid_amount: 25_000,
  paid_at: '2026-11-21T08:15:03.000Z', description: '15 min', currency: 'IDR', payment_id: v7(), payment_method: 'BANK_TRANSFER', payment_channel: 'BCA', payment_destination: '8808099990001234', bank_code: 'BCA',
  created: '2026-11-21T08:14:00.000Z', updated: '2026-11-21T08:15:03.000Z', success_redirect_url: 'https://api.example.org/payment/return/success', failure_redirect_url: 'https://api.example.org/payment/return/failure',
})

/** Answers a second, on kept connections, half of them to each replica. Throws for any answer but 200 and for a body that is no row. */
async function storeWebhooks(servers: BenchServers, replicas: readonly Replica[], seconds: number): Promise<number> {
  let answers = 0
  let inAll = 0
  let isOver = false
  let failure: Error | undefined
  const sockets = Array.from({ length: CONNECTIONS * REPLICAS }, (_, index) => {
    const { hostname, port, host } = new URL(replicas[index % REPLICAS]!.url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const head = `POST /webhooks/xendit/invoice HTTP/1.1\r\nHost: ${host}\r\nx-callback-token: ${testSecrets.xenditWebhookToken}\r\ncontent-type: application/json\r\ncontent-length: `
    const post = () => {
      const body = newBody()
      socket.write(`${head}${body.length}\r\n\r\n${body}`)
    }
    socket.on('error', (error) => (failure = error))
    readAnswers(socket, (status) => {
      if (status !== '200') failure = new Error(`answered ${status}`)
      answers++
      inAll++
      if (!isOver) post()
    })
    post()
    return socket
  })
  await pause(WARM_UP_MS)
  answers = 0
  const startedAt = performance.now()
  await pause(seconds * 1000)
  const perSecond = answers / ((performance.now() - startedAt) / 1000)
  isOver = true
  for (const giveUpAt = performance.now() + 10_000; performance.now() < giveUpAt;) {
    if (inAll === made) break
    await pause(20)
  }
  for (const socket of sockets) socket.destroy()
  if (failure) throw failure
  const { rows } = await servers.owner.query<{ n: string }>('select count(*) as n from provider_inbox')
  if (Number(rows[0]!.n) !== inAll) throw new Error(`${inAll} acknowledged, ${rows[0]!.n} rows`)
  return perSecond
}

// The load generator shares the machine with what it measures: it reads no more than it must.
function readAnswers(socket: Socket, answered: (status: string) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    for (;;) {
      const headEnd = rest.indexOf(HEAD_END)
      if (headEnd < 0) return
      const head = rest.toString('latin1', 0, headEnd)
      const end = headEnd + HEAD_END.length + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (rest.length < end) return
      rest = rest.subarray(end)
      answered(head.slice(9, 12))
    }
  })
}

/** The same row into a table with the same columns and indexes, one after the other on each connection. */
async function rawInserts(servers: BenchServers, seconds: number): Promise<number> {
  await servers.owner.query('drop table if exists raw_inbox; create table raw_inbox (like provider_inbox including all); grant insert on raw_inbox to public')
  const pool = new pg.Pool({ connectionString: servers.databaseUrl, max: CONNECTIONS })
  let done = 0
  const startsAt = performance.now() + WARM_UP_MS
  const endsAt = startsAt + seconds * 1000
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    const client = await pool.connect()
    while (performance.now() < endsAt) {
      const body = Buffer.from(newBody())
      made--
      await client.query({
        name: 'raw', text: `insert into raw_inbox (id, provider, kind, body, body_sha256, headers) values ($1, 'xendit', 'invoice', $2, $3, $4)`,
        values: [v7(), body, createHash('sha256').update(body).update(v7()).digest(), '{"content-type": "application/json"}'],
      })
      if (performance.now() > startsAt) done++
    }
    client.release()
  }))
  await pool.end()
  return done / seconds
}

/** Holds of as many customers, each with its invoice at the provider, all paid at once; applied a second. */
async function applyPayments(servers: BenchServers, simulatorUrl: string, replicas: readonly Replica[]): Promise<number> {
  const xendit = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${simulatorUrl}/xendit${path}`, { method: 'POST', body: JSON.stringify(body), headers })
    const answer = await response.json() as { id: string }
    if (!response.ok) throw new Error(JSON.stringify(answer))
    return answer
  }
  const pay = (invoice: string) => xendit(`/invoices/${invoice}/pay`, {})
  const authorization = `Basic ${Buffer.from(`${testSecrets.xenditSecretKey}:`).toString('base64')}`
  await fetch(`${simulatorUrl}/xendit/webhook-urls`, { method: 'PUT', body: JSON.stringify({ urls: replicas.map(({ url }) => `${url}/webhooks/xendit/invoice`) }) })
  const ids = Array.from({ length: PAYMENTS }, () => v7())
  const mitraIds = await makeMitras(servers, PAYMENTS)
  const invoices: string[] = []
  await inTurns(ids, async (id, index) => {
    invoices[index] = (await xendit('/v2/invoices/', { external_id: id, amount: 25_000, currency: 'IDR', invoice_duration: 3600 }, { authorization })).id
  })
  await servers.owner.query(`
    with ids as materialized (select id, invoice, gen_random_uuid() as customer_id, gen_random_uuid() as session_id, gen_random_uuid() as purchase_id, mitra_id from unnest($1::uuid[], $2::text[], $3::uuid[]) as g(id, invoice, mitra_id)),
    slots as (update mitra_slots set used = 1, idle_since = null),
    package as (insert into packages (id, minutes, price_idr) values (gen_random_uuid(), 15, 25000) returning id),
    people as (insert into users (id, kind, phone_hash, phone_prefix) select customer_id, 'customer', sha256(customer_id::text::bytea), '+6281234' from ids),
    sessions as (
      insert into chat_sessions (id, state, customer_id, package_id, minutes, price_idr, mitra_share_percent, slot_mitra_id, held_at, hold_until, due_at)
      select session_id, 'held', customer_id, package.id, 15, 25000, 70, mitra_id, app_now(), app_now() + interval '1 hour', app_now() + interval '1 hour' from ids, package),
    bought as (
      insert into purchases (id, session_id, kind, position, package_id, minutes, price_idr, state, invoice_idr)
      select purchase_id, session_id, 'session', 0, package.id, 15, 25000, 'funding', 25000 from ids, package)
    insert into payments (id, customer_id, session_id, purchase_id, state, amount_idr, provider_invoice_id, create_until, expires_at, pending_at)
    select id, customer_id, session_id, purchase_id, 'pending', 25000, invoice, app_now() + interval '1 hour', app_now() + interval '1 hour', app_now() from ids`, [ids, invoices, mitraIds])
  await servers.owner.query('vacuum analyze')
  await payAll(servers, invoices.slice(0, WARM_UP_PAYMENTS), WARM_UP_PAYMENTS, pay)
  const startedAt = performance.now()
  await payAll(servers, invoices.slice(WARM_UP_PAYMENTS), PAYMENTS, pay)
  return (PAYMENTS - WARM_UP_PAYMENTS) / ((performance.now() - startedAt) / 1000)
}

/** Pays these, and waits until so many payments are in the ledger in all. */
async function payAll(servers: BenchServers, invoices: readonly string[], wanted: number, pay: (invoice: string) => Promise<unknown>): Promise<void> {
  await inTurns(invoices, pay)
  for (const giveUpAt = performance.now() + 60_000; ;) {
    const { rows } = await servers.owner.query<{ n: string }>(`select count(*) as n from ledger_transactions where flow = 'payment'`)
    if (Number(rows[0]!.n) === wanted) return
    if (performance.now() > giveUpAt) throw new Error(`${rows[0]!.n} of ${wanted} payments were applied in a minute`)
    await pause(50)
  }
}

async function inTurns<Item>(items: readonly Item[], act: (item: Item, index: number) => Promise<unknown>): Promise<void> {
  const left = items.entries()
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (const [index, item] of left) await act(item, index)
  }))
}
