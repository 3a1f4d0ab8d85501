import pg from 'pg'
import { sql } from '../backend/platform/drizzle.ts'
import type { Ctx } from '../backend/platform/ctx.ts'
import { refreshRollup } from '../backend/platform/rollups.ts'
import { readTranscriptPage } from '../backend/modules/chat/index.ts'
import { findSessionViews, listSessions, type SessionFilter } from '../backend/modules/sessions/index.ts'
import { ROLLED_REPORTS, ROLLUPS } from '../backend/modules/staff/rolled-reports.ts'
import { searchEverything } from '../backend/modules/staff/search-everything.ts'
import { findSessionTimeline } from '../backend/modules/staff/session-timeline.ts'
import { testEnv } from '../backend/testing/env.ts'
import { createWorld } from '../backend/world.ts'
import { median, type BenchOptions, type Figures, type Ratio } from './figures.ts'
import { startBenchServers } from './servers.ts'

const SESSIONS = 1_000_000
const MESSAGES_EACH = 10
const CUSTOMERS = 50_000
const MITRAS = 2000
const DAYS = 730
const TIMES = 40
const BIG_ROWS = 100_000

/** Two years of a service, by statements: what the product itself would write, without what its triggers do. */
const SEED: readonly (readonly [what: string, statement: string])[] = [
  ['people', `insert into users (id, kind, phone_hash, phone_prefix, display_name) select v7(now() - interval '800 days', n), 'customer', sha256(n::text::bytea), '+6281200', 'Citra ' || n from generate_series(1, ${CUSTOMERS}) n`],
  ['mitras', `insert into users (id, kind, phone_hash, phone_prefix, display_name) select v7(now() - interval '801 days', n), 'mitra', sha256(('m' || n)::bytea), '+6281300', 'Made ' || n from generate_series(1, ${MITRAS}) n`],
  ['mitras', `insert into mitras (user_id, status, approved_at) select id, 'approved', now() from users where kind = 'mitra'`],
  ['packages', `insert into packages (id, minutes, price_idr) select v7(now(), m), m, m * 1500 from unnest(array[15, 30, 60]) m`],
  ['sessions', `insert into chat_sessions (id, state, customer_id, mitra_id, topic, package_id, minutes, price_idr, mitra_share_percent, conversation_id, queued_at, held_at, paid_at, accepted_at, clock_started_at, ends_at, ended_at, ended_by, end_reason, returned_idr, updated_at)
    select v7(at, n), s, v7(now() - interval '800 days', 1 + (n::bigint * 7919 % ${CUSTOMERS})::int), case when s = 'ended' then v7(now() - interval '801 days', 1 + (n::bigint * 104729 % ${MITRAS})::int) end, (array['work', 'love', 'family', null])[1 + n % 4],
      v7(now(), m), m, m * 1500, 70, case when s = 'ended' then v7(at, n) end, at, at, case when s = 'ended' then at end, case when s = 'ended' then at end, case when s = 'ended' then at end, at + make_interval(mins => m), at + make_interval(mins => m), 'system',
      case when s = 'ended' then case when n % 50 = 0 then 'staff_ended' else 'time_up' end when s = 'cancelled' then 'customer_cancelled' when s = 'expired' then 'payment_expired' else 'no_answer' end, 0, at
    from (select n, now() - interval '${DAYS} days' * (1 - n::float8 / ${SESSIONS}) - interval '1 hour' as at, (array['ended', 'ended', 'ended', 'ended', 'ended', 'ended', 'ended', 'cancelled', 'expired', 'unserved'])[1 + n % 10] as s, (array[15, 30, 60])[1 + n % 3] as m
      from generate_series(1, ${SESSIONS}) n) made`],
  ['conversations', `insert into conversations (id, writable_until, head_seq, created_at) select conversation_id, ended_at, ${MESSAGES_EACH}, queued_at from chat_sessions where conversation_id is not null`],
  ['messages', `insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at)
    select s.conversation_id, m, gen_random_uuid(), gen_random_uuid(), s.customer_id, 'halo, apa kabar ' || m, s.queued_at from (select coalesce(conversation_id, id) as conversation_id, customer_id, queued_at from chat_sessions order by 1) s, generate_series(1, ${MESSAGES_EACH}) m`],
  ['offers', `insert into offers (id, session_id, mitra_id, state, created_at, expires_at, ended_at) select v7(queued_at, (row_number() over ())::int), id, coalesce(mitra_id, v7(now() - interval '801 days', 1)), case when state = 'ended' then 'accepted' else 'expired' end, queued_at, queued_at + interval '45 s', queued_at + interval '9 s' from chat_sessions`],
  ['purchases', `insert into purchases (id, session_id, kind, position, package_id, minutes, price_idr, state) select gen_random_uuid(), id, 'session', 1, package_id, minutes, price_idr, 'settled' from chat_sessions`],
  ['extensions', `insert into purchases (id, session_id, kind, position, package_id, minutes, price_idr, state) select gen_random_uuid(), id, 'extension', 2, package_id, minutes, price_idr, 'settled' from chat_sessions where id::text like '%0' and state = 'ended'`],
  ['marks', `insert into session_marks (session_id, mark, queued_at) select s.id, 'extension', s.queued_at from purchases p join chat_sessions s on s.id = p.session_id where p.kind = 'extension'`],
  ['marks', `insert into session_marks (session_id, mark, queued_at) select id, 'refund', queued_at from chat_sessions where id::text like '%ff'`],
  ['events', `insert into session_events (session_id, at, event, to_state, actor_kind) select s.id, s.queued_at, e, s.state, 'system' from chat_sessions s, unnest(array['started', 'ended']) e`],
  ['payments', `insert into payments (id, customer_id, session_id, purchase_id, state, amount_idr, created_at, create_until, expires_at, paid_at, provider_invoice_id, pending_at) select p.id, s.customer_id, s.id, p.id, 'paid', p.price_idr, s.queued_at, s.queued_at, s.queued_at, s.queued_at, p.id::text, s.queued_at from chat_sessions s join purchases p on p.session_id = s.id and p.kind = 'session' where s.state = 'ended'`],
  ['ledger', `insert into ledger_transactions (id, key, flow, session_id, created_at) select id, 'session:' || id || ':settle', 'settlement', id, ended_at from chat_sessions where state = 'ended'`],
  ['ledger', `insert into ledger_entries (transaction_id, account, amount_idr, created_at) select s.id, e.account, e.amount, s.ended_at from (select * from chat_sessions where state = 'ended' order by ended_at) s,
    lateral (values ('session_escrow:' || s.id, -s.price_idr), ('mitra_payable:' || s.mitra_id, s.price_idr * 7 / 10), ('platform_revenue', s.price_idr - s.price_idr * 7 / 10)) e(account, amount)`],
  ['intervals', `insert into mitra_intervals (id, mitra_id, kind, session_id, started_at, ended_at) select gen_random_uuid(), mitra_id, 'served', id, queued_at, ended_at from chat_sessions where state = 'ended' and id::text like '%3'`],
  ['intervals', `insert into mitra_intervals (id, mitra_id, kind, started_at, ended_at) select gen_random_uuid(), m.user_id, k, d, d + interval '6 hours' from mitras m, generate_series(now() - interval '${DAYS} days', now() - interval '1 day', interval '30 days') d, unnest(array['online', 'busy']) k`],
  ['ratings', `insert into ratings (session_id, customer_id, mitra_id, rater_hash, score, day, created_at) select id, customer_id, mitra_id, sha256(id::text::bytea), 1 + (hashtext(id::text) & 1023) % 5, day_of(ended_at), ended_at from chat_sessions where state = 'ended' and id::text like '%5'`],
  ['pushes', `insert into pushes (id, user_id, kind, tag, title, body, data, dedupe_key, state, created_at, expires_at, settled_at) select gen_random_uuid(), customer_id, 'session', 'session:' || id, 'Sesi', 'Sesi', jsonb_build_object('sessionId', id), 'ended:' || id, 'sent', queued_at, queued_at, queued_at from chat_sessions where id::text like '%7'`],
]

/**
 * The pages of the control center over a million sessions and ten million messages, as multiples of reading one session
 * by its key on the same connection; and no table of more than 100,000 rows is read from end to end.
 */
export async function benchLists(_options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 0, isThrowaway: true })
  const world = createWorld(testEnv({ DATABASE_URL: servers.databaseUrl, VALKEY_URL: servers.valkeyUrl }), { processMetrics: false })
  try {
    const seededMs = await timed(() => seed(servers.adminUrl))
    const addedUpMs = await timed(async () => {
      for (const rollup of ROLLUPS) await refreshRollup(world.ctx, rollup)
    })
    console.log(`seeded in ${Math.round(seededMs / 1000)} s, added up in ${Math.round(addedUpMs / 1000)} s`)
    return await measure(world.ctx, servers.owner, addedUpMs)
  } finally {
    await world.close()
    await servers.stop()
  }
}

async function measure(ctx: Ctx, owner: pg.Pool, addedUpMs: number): Promise<Figures> {
  const { rows: [some] } = await owner.query<{ id: string; customer_id: string; mitra_id: string; conversation_id: string; day: string; today: string; year: string }>(`
    select id, customer_id, mitra_id, conversation_id, day_of(queued_at)::text as day, day_of(now())::text as today, (day_of(now()) - 365)::text as year from chat_sessions
    where state = 'ended' and queued_at > now() - interval '300 days' order by queued_at limit 1`)
  const { id, customer_id: customerId, mitra_id: mitraId, conversation_id: conversationId, day, today, year } = some!
  const list = (filter: Omit<SessionFilter, 'limit'>) => async () => (await listSessions(ctx, { ...filter, limit: 50 })).items.length
  const report = (name: string, from: string, group: 'day' | 'month') => async () => (await ROLLED_REPORTS[name]!.rows(ctx, { from, until: today }, group)).length
  const session = (await findSessionViews(ctx, [id], { onlyForStaff: true })).get(id)!.staff
  const works: [what: string, atMost: number, work: () => Promise<number>][] = [
    ['list: all', 60, list({})], ['list: a page after 300 days', 60, list({ cursor: id })], ['list: state expired', 60, list({ state: ['expired'] })], ['list: running ones, of which there are none', 60, list({ state: ['active', 'paused', 'queued'] })],
    ['list: a day 300 days ago', 60, list({ from: day, until: day })], ['list: of a customer', 60, list({ customerId })], ['list: of a mitra', 60, list({ mitraId })], ['list: ended by staff', 60, list({ endReason: 'staff_ended' })],
    ['list: a reason that there is not', 60, list({ endReason: 'nothing' })], ['list: topic and minutes', 60, list({ topic: 'love', minutes: 60 })], ['list: with a refund, 300 days ago', 60, list({ has: ['refund'], until: day })],
    ['list: with an extension and a refund', 60, list({ has: ['refund', 'extension'] })], ['list: by a conversation’s id', 60, list({ q: conversationId })], ['list: by the beginning of an id', 60, list({ q: id.slice(0, 8) })],
    ['timeline of a session', 60, async () => (await findSessionTimeline(ctx, 'super_admin', session)).items.length],
    ['transcript of ten messages among ten million', 10, async () => (await readTranscriptPage(ctx.sql, conversationId, { afterSeq: 0, limit: 50 })).lines.length],
    ['search: part of a name', 100, async () => (await searchEverything(ctx, 'super_admin', 'citra 4711')).length], ['search: an id', 100, async () => (await searchEverything(ctx, 'super_admin', id)).length],
    ...Object.keys(ROLLED_REPORTS).flatMap((name): typeof works => [[`report: ${name}, a year by days`, 150, report(name, year, 'day')], [`report: ${name}, two years by months`, 150, report(name, '2024-01-01', 'month')]]),
  ]
  const raw = await timesOf(async () => (await ctx.sql.execute(sql`select * from chat_sessions where id = ${id}`)).rows.length)
  const before = await scansOf(owner)
  const ratios: Ratio[] = []
  const rows: Figures['rows'] = [['one session by its key', show(raw)], ['730 days added up from nothing', `${Math.round(addedUpMs / 1000)} s`]]
  for (const [what, atMost, work] of works) {
    const took = await timesOf(work)
    ratios.push({ name: what, value: median(took) / median(raw), atMost })
    rows.push([what, show(took)])
  }
  const scanned = [...await scansOf(owner)].filter(([table, scans]) => scans > (before.get(table) ?? 0)).map(([table]) => table)
  if (scanned.length > 0) throw new Error(`read from end to end: ${scanned.join(', ')}`)
  rows.push([`tables of more than ${BIG_ROWS} rows that were read from end to end`, `none of ${before.size}`])
  const worst = ratios.toSorted((a, b) => b.value - a.value)[0]!
  return { summary: `at worst ${worst.value.toFixed(0)} × a read by key (${worst.name}), over a million sessions and ten million messages`, ratios, rows }
}

async function seed(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    // Nobody keeps it: without the log, and without the triggers and foreign keys that the rows fit anyway.
    await client.query(`set session_replication_role = replica; set synchronous_commit = off; set work_mem = '256MB';
      create function v7(at timestamptz, n int) returns uuid language sql immutable as $$ select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid $$;
      alter table messages_first set unlogged`)
    const now = new Date().toISOString() // ids name people by a time that must not go on
    for (const [what, statement] of SEED) {
      const ms = await timed(() => client.query(statement.replaceAll('now()', `'${now}'::timestamptz`)))
      console.log(`${what}: ${Math.round(ms / 1000)} s`)
    }
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}

/** How often each big table was read from end to end. Figures of sessions that do nothing for a second are told by then. */
async function scansOf(owner: pg.Pool): Promise<Map<string, number>> {
  await new Promise((resolve) => setTimeout(resolve, 2500))
  await owner.query('select pg_stat_clear_snapshot()')
  const { rows } = await owner.query<{ relname: string; seq_scan: string }>('select s.relname, s.seq_scan from pg_stat_user_tables s join pg_class c on c.oid = s.relid where c.reltuples > $1', [BIG_ROWS])
  return new Map(rows.map((row) => [row.relname, Number(row.seq_scan)]))
}

async function timesOf(work: () => Promise<number>): Promise<number[]> {
  await work()
  const took: number[] = []
  for (let turn = 0; turn < TIMES; turn++) took.push(await timed(work))
  return took.toSorted((a, b) => a - b)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

const show = (took: readonly number[]) => `p50 ${median(took).toFixed(2)}, p95 ${took[Math.floor(took.length * 0.95)]!.toFixed(2)} ms`
