import { Redis } from 'iovalkey'
import t from 'tap'
import { startCluster } from '../../testing/cluster.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'

/** Twenty batches: what is proved lies between them, and not in their number; `npm run bench -- announce` has 100,000. */
const PEOPLE = 10_000
/** As fast as it goes, while time goes on; where time stands it ends after some batches, however fast the machine is. */
const PER_MINUTE = 1_000_000
const ZONES = ['Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura', 'Europe/Amsterdam']

t.test(`${PEOPLE} people are told once, while workers are killed in the middle and Valkey forgets everything`, async (t) => {
  const cluster = await startCluster(t, { replicas: 2, settings: { sweepMs: 50 } })
  const query: typeof cluster.query = (text, values) => cluster.query(text, values)
  const admin = await staffByRows(cluster, 'admin')
  await query(`
    insert into users (id, kind, phone_hash, phone_prefix, language, time_zone)
    select gen_random_uuid(), 'customer', sha256(n::text::bytea), '+6281234', case when n % 7 = 0 then 'en' else 'id' end, ($2::text[])[1 + n % 4]
    from generate_series(1, $1::integer) n`, [PEOPLE, ZONES])
  // Who is out, or gone, is told nothing.
  await query(`
    insert into users (id, kind, phone_hash, phone_prefix, banned_at, suspended_until, erased_at)
    select gen_random_uuid(), 'customer', sha256(('out' || n)::bytea), '+6281234', case n % 3 when 0 then app_now() end, case n % 3 when 1 then app_now() + interval '1 day' end,
      case n % 3 when 2 then app_now() end from generate_series(1, 300) n`)
  await query('analyze users')
  const progress = async () => (await query<{ state: string; reached: number; counted: number }>('select state, reached, counted from announcements'))[0]!
  const isReached = (count: number) => eventually(async () => (await progress()).reached >= count, `${count} are told`, { timeoutMs: 120_000 })

  const body = {
    texts: { id: { title: 'Kabar', body: 'Ada kabar baru untukmu.' }, en: { title: 'News', body: 'There is news for you.' } },
    segment: { kind: 'customer' }, channels: ['inbox', 'push'], schedule: { when: 'now' }, perMinute: PER_MINUTE,
  }
  const { body: { announcement } } = await admin.call('POST', '/announcements', { body })
  const size = await admin.call('POST', '/announcements/dry-run', { body: { segment: body.segment, texts: body.texts } })
  t.match(size.body, { people: PEOPLE, languages: { id: PEOPLE - Math.floor(PEOPLE / 7), en: Math.floor(PEOPLE / 7) }, withDevice: 0 })
  const { clock } = cluster.db
  await clock.stop()
  const started = await admin.call('POST', `/announcements/${announcement.id}/start`, { body: { version: 1, reason: 'a test', expected: PEOPLE } })
  t.equal(started.status, 200)

  // A quarter of a second is not enough for half of them.
  await clock.advance(0.25)
  await isReached(PEOPLE / 20)
  await cluster.replicas[0]!.kill('SIGKILL')
  const valkey = new Redis(cluster.valkey.url)
  await valkey.flushall()
  valkey.disconnect()
  await isReached(PEOPLE / 10)
  // Nobody is left: what was begun is rolled back, and whoever comes goes on behind the last commit.
  await cluster.replicas[1]!.kill('SIGKILL')
  const between = await progress()
  t.ok(between.state === 'running' && between.reached < PEOPLE, `${between.reached} were told when the last one died`)
  t.equal(Number((await query(`select count(*) as n from notifications`))[0]!['n']), between.reached, 'what is counted is what was told')
  await clock.reset()
  await cluster.startReplica(0)
  await eventually(async () => (await progress()).state === 'done', 'everybody is told', { timeoutMs: 240_000 })

  t.match(await progress(), { reached: PEOPLE, counted: PEOPLE })
  const once = (table: string) => query(`select count(*)::integer as rows, count(distinct user_id)::integer as people from ${table} where dedupe_key = $1`, [`announcement:${announcement.id}`])
  t.same(await once('notifications'), [{ rows: PEOPLE, people: PEOPLE }], 'in the inbox exactly once')
  t.same(await once('pushes'), [{ rows: PEOPLE, people: PEOPLE }], 'one push each')
  t.same(await query(`select u.language, n.title from notifications n join users u on u.id = n.user_id group by 1, 2 order by 1`), [{ language: 'en', title: 'News' }, { language: 'id', title: 'Kabar' }])
  t.same(await query(`select 1 from notifications n join users u on u.id = n.user_id where u.banned_at is not null or u.suspended_until is not null or u.erased_at is not null`), [])
})
