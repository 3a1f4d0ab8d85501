import { Redis } from 'iovalkey'
import type { Cluster } from '../backend/testing/cluster.ts'
import { staffByRows } from '../backend/testing/staff-rows.ts'
import { eventually } from '../backend/testing/wait.ts'
import { withCluster } from './cluster.ts'
import type { Figures } from './figures.ts'

const PEOPLE = 100_000
const PATIENCE = { timeoutMs: 1_200_000 }

/** 100,000 people are told while both replicas are killed and Valkey forgets everything in between; then each inbox is counted. */
export async function benchAnnounce(): Promise<Figures> {
  return withCluster({ replicas: 2 }, async (cluster) => {
    const query: Cluster['query'] = (text, values) => cluster.query(text, values)
    const admin = await staffByRows(cluster, 'admin')
    await query(`insert into users (id, kind, phone_hash, phone_prefix) select gen_random_uuid(), 'customer', sha256(n::text::bytea), '+6281234' from generate_series(1, $1::integer) n`, [PEOPLE])
    await query('analyze users')
    const reached = async () => Number((await query('select reached from announcements'))[0]!['reached'])
    const isReached = (count: number) => eventually(async () => (await reached()) >= count, `${count} are told`, PATIENCE)

    const { body: { announcement } } = await admin.call('POST', '/announcements', { body: {
      texts: { id: { title: 'Kabar', body: 'Ada kabar baru untukmu.' }, en: { title: 'News', body: 'There is news for you.' } },
      segment: { kind: 'customer' }, channels: ['inbox', 'push'], schedule: { when: 'now' },
    } })
    const startedAt = performance.now()
    const started = await admin.call('POST', `/announcements/${announcement.id}/start`, { body: { version: 1, reason: 'a drill', expected: PEOPLE } })
    if (started.status !== 200) throw new Error(`it did not start: ${JSON.stringify(started.body)}`)
    await isReached(PEOPLE / 4)
    await cluster.replicas[0]!.kill('SIGKILL')
    const valkey = new Redis(cluster.valkey.url)
    await valkey.flushall()
    valkey.disconnect()
    await isReached(PEOPLE / 2)
    await cluster.replicas[1]!.kill('SIGKILL')
    const between = await reached()
    await cluster.startReplica(0)
    await eventually(async () => (await query('select 1 from announcements where state = $1', ['done'])).length === 1, 'everybody is told', PATIENCE)
    const seconds = (performance.now() - startedAt) / 1000

    const counted = async (table: 'notifications' | 'pushes') => {
      const [row] = await query(`select count(*)::integer as rows, count(distinct user_id)::integer as people from ${table} where dedupe_key = $1`, [`announcement:${announcement.id}`])
      if (row!['rows'] !== PEOPLE || row!['people'] !== PEOPLE) throw new Error(`${table}: ${JSON.stringify(row)} for ${PEOPLE}`)
      return `${row!['rows']} rows of ${row!['people']} people`
    }
    return {
      summary: `${PEOPLE} told once each in ${Math.round(seconds)} s, both replicas killed in between`,
      rows: [
        ['in the inbox', await counted('notifications')],
        ['pushes', await counted('pushes')],
        ['told when the last replica was killed', String(between)],
        ['told a second, the kills and the start within', String(Math.round(PEOPLE / seconds))],
      ],
    }
  })
}
