import { and, desc, eq, isNull, lt } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { findSentOut, type SentOut } from '../channels/index.ts'
import { notifications } from './tables.ts'

/** What somebody was told, by one channel. Of the inbox: `read` or `unread`; it is opened when it is read. */
export type Told = Omit<SentOut, 'channel'> & { channel: SentOut['channel'] | 'inbox' }

/** What this person was told, by every channel, the newest first. */
export async function findTold(handle: Queryable, userId: string, page: { before?: string | undefined; limit: number }): Promise<Told[]> {
  const [sent, shown] = await Promise.all([findSentOut(handle, userId, page), findShown(handle, userId, page)])
  return [...sent, ...shown].toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, page.limit)
}

async function findShown(handle: Queryable, userId: string, page: { before?: string | undefined; limit: number }): Promise<Told[]> {
  const rows = await handle.select().from(notifications)
    .where(and(eq(notifications.userId, userId), isNull(notifications.deletedAt), page.before === undefined ? undefined : lt(notifications.id, page.before))).orderBy(desc(notifications.id)).limit(page.limit)
  return rows.map(({ id, kind, title, body, createdAt, readAt }) => ({
    id, channel: 'inbox', kind, template: null, state: readAt === null ? 'unread' : 'read', reason: null, title, body, createdAt, calledAt: null, acceptedAt: null, deliveredAt: null, openedAt: readAt,
  }))
}
