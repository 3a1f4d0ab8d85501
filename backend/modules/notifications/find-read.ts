import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

/** Which of these notices, by `person key`, stand in the inbox and were read there or taken away, in one statement. */
export async function findReadNotices(handle: Queryable, notices: readonly { userId: string; dedupeKey: string }[]): Promise<Set<string>> {
  if (notices.length === 0) return new Set()
  const { rows } = await handle.execute<{ user_id: string; dedupe_key: string }>(sql`
    select n.user_id, n.dedupe_key
    from jsonb_to_recordset(${JSON.stringify(notices.map(({ userId, dedupeKey }) => ({ u: userId, k: dedupeKey })))}::jsonb) as a(u uuid, k text)
    join notifications n on n.user_id = a.u and n.dedupe_key = a.k
    where n.read_at is not null or n.deleted_at is not null`)
  return new Set(rows.map((row) => `${row.user_id} ${row.dedupe_key}`))
}
