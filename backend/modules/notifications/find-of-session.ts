import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPushesOfSession } from '../channels/index.ts'

export type SessionNotice = {
  at: Date
  /** `inbox`: stands in the app. `push`: was sent to the person's devices, or is to be; pushes are kept for some days only. */
  channel: 'inbox' | 'push'
  userId: string
  kind: string
  title: string
  body: string
  /** Of a push: queued, sent, failed, dropped. Of the inbox: read, unread. */
  state: string
  reason: string | null
}

const MOST = 200

/** What people were told about this session, the oldest first; at most the first 200 of each channel. */
export async function findNoticesOfSession(handle: Queryable, sessionId: string): Promise<SessionNotice[]> {
  const [pushed, shown] = await Promise.all([findPushesOfSession(handle, sessionId, MOST), findInboxOfSession(handle, sessionId)])
  return [...pushed.map((push): SessionNotice => ({ ...push, channel: 'push' })), ...shown].toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

async function findInboxOfSession(handle: Queryable, sessionId: string): Promise<SessionNotice[]> {
  const { rows } = await handle.execute<Omit<SessionNotice, 'at' | 'userId'> & { at: string; user_id: string }>(sql`
    select created_at as at, 'inbox' as channel, user_id, kind, title, body, case when read_at is null then 'unread' else 'read' end as state, null as reason
    from notifications where data ? 'sessionId' and data ->> 'sessionId' = ${sessionId} order by created_at limit ${MOST}`)
  return rows.map(({ at, user_id: userId, ...row }) => ({ ...row, userId, at: new Date(at) }))
}
