import pg from 'pg'
import t from 'tap'
import { PgDialect } from '../../platform/drizzle.ts'
import { createTestDatabase } from '../../testing/database.ts'
import { listedQuery, type SessionFilter } from './list-for-staff.ts'

const ID = '01990000-0000-7000-8000-000000000000'
const INDEX_OF: [Omit<SessionFilter, 'limit'>, string][] = [
  [{}, 'chat_sessions_listed'], [{ from: '2026-03-01', until: '2026-03-02' }, 'chat_sessions_listed'], [{ state: ['expired'] }, 'chat_sessions_listed_state'],
  [{ state: ['active', 'paused'] }, 'chat_sessions_listed_state'], [{ customerId: ID }, 'chat_sessions_listed_customer'], [{ mitraId: ID }, 'chat_sessions_listed_mitra'],
  [{ endReason: 'time_up' }, 'chat_sessions_listed_reason'], [{ topic: 'work' }, 'chat_sessions_listed_topic'], [{ minutes: 15 }, 'chat_sessions_listed_minutes'],
  [{ has: ['refund'] }, 'session_marks_listed'],
]

t.test('every filter of the list of sessions has an index in the order of the list', async (t) => {
  const db = await createTestDatabase()
  const client = new pg.Client({ connectionString: db.ownerUrl })
  await client.connect()
  t.teardown(async () => {
    await client.end()
    await db.drop()
  })
  // Of few rows any plan is good: without the plans that read or sort everything, what is left shows that there is an index.
  await client.query('set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off')
  for (const [filter, index] of INDEX_OF) {
    for (const place of [undefined, { id: ID, at: '2026-03-01T00:00:00Z' }]) {
      const { sql, params } = new PgDialect().sqlToQuery(listedQuery({ ...filter, limit: 20 }, place))
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${sql}`, params)
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      t.match(plan, new RegExp(`Index (Only )?Scan Backward using ${index} |Index (Only )?Scan.* using ${index} `), JSON.stringify(filter))
      t.notMatch(plan, /Seq Scan/, JSON.stringify(filter))
    }
  }
})
