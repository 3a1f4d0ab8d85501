import type pg from 'pg'
import { listPeople, readSought, type StandingFilter } from '../backend/modules/identity/index.ts'
import { storePhone } from '../backend/modules/identity/phones.ts'
import { pageMitras } from '../backend/modules/mitras/index.ts'
import { subjectsOfOpenCases } from '../backend/modules/safety/index.ts'
import type { Ctx } from '../backend/platform/ctx.ts'
import { testEnv } from '../backend/testing/env.ts'
import { createWorld } from '../backend/world.ts'
import type { BenchOptions, Figures } from './figures.ts'
import { startBenchServers } from './servers.ts'

const CUSTOMERS = 950_000
const MITRAS = 50_000
const PHONE = '+6281290001234'
/** What staff may wait for at most. */
const LIMIT_MS = 100
const SEARCHES = 40
const FIRST = ['Siti', 'Agus', 'Dewi', 'Budi', 'Sri', 'Rizky', 'Putri', 'Ahmad', 'Nur', 'Eka', 'Wahyu', 'Rina', 'Dian', 'Yusuf', 'Intan', 'Bayu', 'Lestari', 'Fajar', 'Maya', 'Hendra']
const LAST = ['Rahma', 'Santoso', 'Wulandari', 'Pratama', 'Kusuma', 'Hidayat', 'Lestari', 'Saputra', 'Anggraini', 'Nugroho', 'Permata', 'Setiawan', 'Maharani', 'Siregar', 'Halim', 'Utami']

/** Lists and searches of people among a million, beside the lookup of one row by its key. */
export async function benchPeople(_options: BenchOptions): Promise<Figures> {
  const servers = await startBenchServers({ replicas: 0 })
  const world = createWorld(testEnv({ DATABASE_URL: servers.databaseUrl, VALKEY_URL: servers.valkeyUrl }), { processMetrics: false })
  try {
    const { ctx } = world
    const known = await fill(servers.owner, ctx)
    const customers = (q?: string, more: { standing?: StandingFilter; among?: typeof subjectsOfOpenCases; before?: string } = {}) => async () =>
      (await listPeople(ctx.sql, { kind: 'customer', sought: q === undefined ? undefined : readSought(ctx, q, { byPhone: true }), limit: 21, ...more })).length
    const mitras = (q?: string, more: { status?: 'applied'; online?: boolean } = {}) => async () =>
      (await pageMitras(ctx.sql, { sought: q === undefined ? undefined : readSought(ctx, q, { byPhone: true }), limit: 21, ...more })).length
    const base = await measure(async () => (await servers.owner.query({ name: 'one', text: 'select * from users where id = $1', values: [known] })).rowCount ?? 0, SEARCHES * 10)
    const asked: Record<string, () => Promise<number>> = {
      'a whole number': customers(PHONE), 'the same as it is written': customers('0812-9000-1234'), 'an id': customers(known),
      'a name that 50,000 have': customers('siti'), 'two words, 3,000 have them': customers('siti kus'), 'a rare name': customers('zulaikha'), 'part of a rare name': customers('ulaikh'),
      'one letter': customers('z'), 'two letters that begin a rare word': customers('zu'), 'nobody’s name': customers('xylophone'), 'words that all have, never together': customers('siti agus'),
      'a common name that is banned': customers('siti', { standing: 'banned' }), 'a rare name that is active': customers('zulaikha', { standing: 'active' }),
      'all, the newest': customers(), 'all, far down': customers(undefined, { before: known }), 'suspended': customers(undefined, { standing: 'suspended' }), 'banned': customers(undefined, { standing: 'banned' }), 'erased': customers(undefined, { standing: 'erased' }),
      'with an open case': customers(undefined, { among: subjectsOfOpenCases }),
      'mitras: all': mitras(), 'mitras: applied': mitras(undefined, { status: 'applied' }), 'mitras: online': mitras(undefined, { online: true }), 'mitras: a common name': mitras('siti'), 'mitras: a common name, applied': mitras('siti', { status: 'applied' }), 'mitras: a rare name': mitras('zulaikha'),
    }
    const rows: Figures['rows'] = [['one row by its key', show(base)]]
    const all: { name: string; p50: number; p99: number }[] = []
    for (const [name, ask] of Object.entries(asked)) {
      const took = await measure(ask)
      all.push({ name, ...took })
      rows.push([`${name} (${took.found} found)`, `${show(took)}, ${(took.p50 / base.p50).toFixed(1)} × that`])
    }
    const slowest = all.toSorted((a, b) => b.p99 - a.p99)[0]!
    const lists = ['all, the newest', 'banned', 'mitras: applied'].map((name) => all.find((one) => one.name === name)!.p50 / base.p50)
    return {
      summary: `p99 ${slowest.p99.toFixed(0)} ms at worst (${slowest.name}) among a million people, ${MITRAS} of them mitras`,
      ratios: [
        { name: 'a whole number to one row by its key', value: all[0]!.p50 / base.p50, atMost: 10 },
        { name: 'the slowest list to one row by its key', value: Math.max(...lists), atMost: 20 },
        { name: `the slowest p99 to the ${LIMIT_MS} ms of the promise`, value: slowest.p99 / LIMIT_MS, atMost: 1 },
      ],
      rows,
    }
  } finally {
    await world.close()
    await servers.stop()
  }
}

/** Answers the id of somebody in the middle, whose number is known. Names are as common as they are; some stand out. */
async function fill(owner: pg.Pool, ctx: Ctx): Promise<string> {
  const text = (words: readonly string[]) => `(array['${words.join("','")}'])`
  const insert = (kind: 'customer' | 'mitra', count: number) => owner.query(`
    insert into users (id, kind, phone_hash, phone_prefix, display_name, banned_at, suspended_until, erased_at)
    select (lpad(to_hex((extract(epoch from now() - interval '1 year') * 1000 + n * (31536000000.0 / $1))::bigint), 12, '0') || '7000a000' || lpad(to_hex(n), 12, '0'))::uuid, $2, decode(md5($2 || n), 'hex'), '+6281200',
      case when n % 5000 = 1 then 'Zulaikha ' else '' end || ${text(FIRST)}[1 + mod(abs(hashint4(n)), ${FIRST.length})] || ' ' || ${text(LAST)}[1 + mod(abs(hashint4(n + 7919)), ${LAST.length})] || ' ' || ${text(LAST)}[1 + mod(abs(hashint4(n * 3)), ${LAST.length})],
      case when n % 500 = 2 then now() end, case when n % 300 = 3 then now() + interval '1 day' when n % 100 = 3 then now() - interval '1 day' end, case when n % 400 = 4 then now() end
    from generate_series(1, $1::int) n`, [count, kind])
  await insert('customer', CUSTOMERS)
  await insert('mitra', MITRAS)
  await owner.query(`update users set display_name = null where erased_at is not null`)
  await owner.query(`insert into mitras (user_id, status, wants_online, last_seen_at) select id,
    case when rn % 50 = 0 then 'applied' when rn % 9 = 0 then 'deactivated' else 'approved' end, rn % 20 = 1 and rn % 9 <> 0, now()
    from (select id, row_number() over (order by id) rn from users where kind = 'mitra') m`)
  await owner.query(`insert into safety_cases (id, kind, state, subject_id, reason, closed_at) select gen_random_uuid(), 'staff', case when rn % 20 = 0 then 'open' else 'closed' end, id, 'a bench', case when rn % 20 <> 0 then now() end
    from (select id, row_number() over () rn from users where kind = 'customer' order by id limit 20000) u`)
  const stored = storePhone(ctx.env, PHONE)
  const { rows } = await owner.query<{ id: string }>(`select id from users where kind = 'customer' order by id offset ${CUSTOMERS / 2} limit 1`)
  await owner.query('update users set phone_hash = $2, phone_encrypted = $3, phone_prefix = $4 where id = $1', [rows[0]!.id, stored.phoneHash, stored.phoneEncrypted, stored.phonePrefix])
  await owner.query('vacuum analyze users, mitras, safety_cases')
  return rows[0]!.id
}

async function measure(work: () => Promise<number>, times = SEARCHES): Promise<{ p50: number; p99: number; found: number }> {
  const took: number[] = []
  let found = await work()
  for (let turn = 0; turn < times; turn++) {
    const startedAt = performance.now()
    found = await work()
    took.push(performance.now() - startedAt)
  }
  took.sort((a, b) => a - b)
  return { p50: took[took.length >> 1]!, p99: took[Math.floor(took.length * 0.99)]!, found }
}

const show = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`
