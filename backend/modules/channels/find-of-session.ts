import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

export type PushOfSession = { at: Date; userId: string; kind: string; title: string; body: string; state: string; reason: string | null }

/** The pushes about this session, the oldest first; they are kept for some days only. */
export async function findPushesOfSession(handle: Queryable, sessionId: string, limit: number): Promise<PushOfSession[]> {
  const { rows } = await handle.execute<Omit<PushOfSession, 'at' | 'userId'> & { at: string; user_id: string }>(sql`
    select created_at as at, user_id, kind, title, body, state, reason from pushes
    where data ? 'sessionId' and data ->> 'sessionId' = ${sessionId} order by created_at limit ${limit}`)
  return rows.map(({ at, user_id: userId, ...row }) => ({ ...row, userId, at: new Date(at) }))
}
