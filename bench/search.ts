import type pg from 'pg'
import { v7 } from 'uuid'
import { indexWords } from '../backend/modules/chat/index.ts'
import { searchMessages } from '../backend/modules/chat/search-messages.ts'
import type { Ctx } from '../backend/platform/ctx.ts'
import { testEnv } from '../backend/testing/env.ts'
import { createWorld } from '../backend/world.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { startBenchServers } from './servers.ts'

const MONTHS = 7
const OWN_CONVERSATIONS = 1000
const ALL_CONVERSATIONS = 24_000
const MESSAGES_EACH = 50
const PEOPLE = 400
const SEARCHES = 150
const WINDOW_MS = MONTHS * 30 * 86_400_000

/** Words as people use them: a few all the time, most hardly ever. */
const BODY = `(select string_agg('kata' || floor(6000 * power(random(), 4))::int, ' ') || ' n' || c.n || 's' || s from generate_series(1, 7) w where s > 0)`
const QUERIES: Record<string, string> = {
  'a common word': 'kata1 ',
  'three words': 'kata1 kata40 kata5',
  'the beginning of a word': 'kata55',
  'one message of all': 'n500s25',
  'two that never meet': 'n500s25 n700s26',
  'nothing': 'nirvana',
}

/**
 * Search in 50,000 messages of one's own among 1.2 million, beside what else there was to choose: an index on messages
 * (what it finds and what it costs the inserts), and reading all of one's own.
 */
export async function benchSearch(_options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 0 })
  const world = createWorld(testEnv({ DATABASE_URL: servers.databaseUrl, VALKEY_URL: servers.valkeyUrl }), { processMetrics: false })
  try {
    const userId = await fill(servers.owner)
    const indexedMs = await timed(() => indexAll(world.ctx))
    await servers.owner.query('vacuum messages')
    await servers.owner.query('analyze')
    const rows: Figures['rows'] = [['words of 1.2 million messages written down', `${Math.round(indexedMs / 1000)} s, ${await sizeOf(servers.owner, 'message_words')} beside ${await sizeOf(servers.owner, 'messages')} of messages`]]
    let worst = 0
    for (const [what, q] of Object.entries(QUERIES)) {
      const { p50, p99, found } = await measure(async () => (await searchMessages(world.ctx, userId, { q, limit: 20 })).items.length)
      rows.push([`search: ${what} (${found} found)`, show(p50, p99)])
      worst = Math.max(worst, p99)
    }
    for (const [what, q] of Object.entries(QUERIES).slice(0, 4)) {
      const { p50, p99 } = await measure(() => byReading(servers.owner, userId, q), 5)
      rows.push([`all of one’s own read: ${what}`, show(p50, p99)])
    }
    const plainMs = await inserts(servers.owner, false)
    const indexMs = await timed(() => servers.owner.query(`create index messages_words on messages using gin (to_tsvector('simple', lower(body)))`))
    await servers.owner.query('analyze messages')
    rows.push(['an index on messages instead', `${Math.round(indexMs / 1000)} s, ${await sizeOf(servers.owner, 'messages', true)}`])
    for (const [what, q] of Object.entries(QUERIES).slice(0, 4)) {
      const { p50, p99 } = await measure(() => byReading(servers.owner, userId, q), 20)
      rows.push([`by that index: ${what}`, show(p50, p99)])
    }
    const ginMs = await inserts(servers.owner, true)
    rows.push(['inserts in batches of 15, with that index', `${(ginMs / plainMs).toFixed(2)} × the time without (${plainMs.toFixed(2)} ms)`])
    return { summary: `p99 ${worst.toFixed(0)} ms at worst in 50,000 messages of one’s own among ${(ALL_CONVERSATIONS * MESSAGES_EACH) / 1e6} million`, rows }
  } finally {
    await world.close()
    await servers.stop()
  }
}

/** Seven months of conversations that are over, spread evenly; the person has every 24th. */
async function fill(owner: pg.Pool): Promise<string> {
  await owner.query(`drop table messages_first; do $$ begin for back in reverse ${MONTHS}..0 loop
    execute format('create table messages_back_%s (like messages including all)', back);
    execute format('alter table messages attach partition messages_back_%s for values from (%L) to (%L)', back, id_from(month_from(now(), -back)), id_from(month_from(now(), 1 - back)));
  end loop; end $$`)
  const people = Array.from({ length: PEOPLE }, () => v7())
  await owner.query(`insert into users (id, kind, phone_hash, phone_prefix) select id, 'customer', decode(md5(id::text), 'hex'), '' from unnest($1::uuid[]) id`, [people])
  const every = ALL_CONVERSATIONS / OWN_CONVERSATIONS
  const now = Date.now()
  const all = Array.from({ length: ALL_CONVERSATIONS }, (_, n) => ({ n, id: v7({ msecs: now - WINDOW_MS + Math.floor((n * WINDOW_MS) / ALL_CONVERSATIONS) }), userId: n % every === 0 ? people[0]! : people[1 + (n % (PEOPLE - 1))]! }))
  for (let from = 0; from < all.length; from += 1000) {
    const some = all.slice(from, from + 1000)
    const values = [some.map(({ id }) => id), some.map(({ userId }) => userId)]
    await owner.query(`insert into conversations (id, writable_until, head_seq, created_at) select id, now() - interval '1 day', ${MESSAGES_EACH}, '2020-01-01' from unnest($1::uuid[]) id`, values.slice(0, 1))
    await owner.query('insert into conversation_members (conversation_id, user_id) select * from unnest($1::uuid[], $2::uuid[])', values)
    await owner.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body)
      select c.id, s, gen_random_uuid(), gen_random_uuid(), c.user_id, ${BODY} from unnest($1::uuid[], $2::uuid[], $3::int[]) as c(id, user_id, n), generate_series(1, ${MESSAGES_EACH}) s`, [...values, some.map(({ n }) => (n % every === 0 ? n / every : n + 1_000_000))])
  }
  return people[0]!
}

async function indexAll(ctx: Ctx): Promise<void> {
  while ((await indexWords(ctx, 500)) === 500);
}

async function byReading(owner: pg.Pool, userId: string, q: string): Promise<number> {
  const { rowCount } = await owner.query(`
    select o.* from conversation_members m join messages o on o.conversation_id = m.conversation_id
    where m.user_id = $1 and to_tsvector('simple', lower(o.body)) @@ to_tsquery('simple', $2)
    order by o.conversation_id desc, o.seq desc limit 21`, [userId, `${q.trim().split(' ').join(' & ')}:*`])
  return rowCount ?? 0
}

/** Milliseconds of a batch: median of many. */
async function inserts(owner: pg.Pool, hasIndex: boolean): Promise<number> {
  await owner.query('drop table if exists raw_messages; create table raw_messages (like messages including all)')
  if (!hasIndex) await owner.query('drop index if exists raw_messages_to_tsvector_idx')
  const times: number[] = []
  for (let batch = 0; batch < 1500; batch++) {
    const ids = Array.from({ length: 15 }, () => v7())
    times.push(await timed(() => owner.query({
      name: 'raw-batch', values: [ids, batch],
      text: `insert into raw_messages (conversation_id, seq, id, client_id, sender_id, body) select c.id, $2::int, c.id, c.id, c.id, (select string_agg('kata' || (hashtext(c.id::text || w) & 4095), ' ') from generate_series(1, 8) w) from unnest($1::uuid[]) c(id)`,
    })))
  }
  // The mean: an index that keeps a list of what is pending pays for it now and then.
  return times.slice(100).reduce((sum, time) => sum + time, 0) / (times.length - 100)
}

async function measure(work: () => Promise<number>, times = SEARCHES): Promise<{ p50: number; p99: number; found: number }> {
  const took: number[] = []
  let found = 0
  await work()
  for (let turn = 0; turn < times; turn++) took.push(await timed(async () => (found = await work())))
  took.sort((a, b) => a - b)
  return { p50: took[took.length >> 1]!, p99: took[Math.floor(took.length * 0.99)]!, found }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

const show = (p50: number, p99: number) => `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`

async function sizeOf(owner: pg.Pool, table: string, onlyWordsIndex = false): Promise<string> {
  const { rows } = await owner.query<{ size: string }>(`
    select pg_size_pretty(sum(case when $2 then (select coalesce(sum(pg_relation_size(x.indexrelid)), 0) from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam and a.amname = 'gin' where x.indrelid = c.oid) else pg_total_relation_size(c.oid) end)) as size
    from pg_class c where c.oid = $1::regclass or c.oid in (select inhrelid from pg_inherits where inhparent = $1::regclass)`, [table, onlyWordsIndex])
  return rows[0]!.size
}
