import { and, desc, eq, isNull, lt, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { NotificationView } from './contract.ts'
import { notificationView } from './notification-view.ts'
import { notifications, type Notification } from './tables.ts'

const own = (userId: string, id: string) => and(eq(notifications.id, id), eq(notifications.userId, userId))

/** A person's inbox, newest first. */
export async function listNotifications(
  handle: Queryable, userId: string, page: { limit: number; cursor?: string | undefined },
): Promise<{ items: NotificationView[]; nextCursor: string | null }> {
  const rows = await handle.select().from(notifications)
    .where(and(eq(notifications.userId, userId), isNull(notifications.deletedAt), page.cursor === undefined ? undefined : lt(notifications.id, page.cursor)))
    .orderBy(desc(notifications.id)).limit(page.limit + 1)
  const shown = rows.slice(0, page.limit)
  return { items: shown.map(notificationView), nextCursor: rows.length > page.limit ? shown.at(-1)!.id : null }
}

export function countUnread(handle: Queryable, userId: string): Promise<number> {
  return handle.$count(notifications, and(eq(notifications.userId, userId), isNull(notifications.readAt), isNull(notifications.deletedAt)))
}

/** Read again is read since the first time. Throws `not_found` for what is deleted or somebody else's. */
export async function markRead(handle: Queryable, userId: string, id: string): Promise<NotificationView> {
  const [row] = await handle.update(notifications).set({ readAt: sql`coalesce(${notifications.readAt}, app_now())` })
    .where(and(own(userId, id), isNull(notifications.deletedAt))).returning()
  return found(row)
}

/** The row stays, so that the same notice can't come back. Throws `not_found` for somebody else's. */
export async function deleteNotification(handle: Queryable, userId: string, id: string): Promise<NotificationView> {
  const [row] = await handle.update(notifications).set({ deletedAt: sql`coalesce(${notifications.deletedAt}, app_now())` })
    .where(own(userId, id)).returning()
  return found(row)
}

function found(row: Notification | undefined): NotificationView {
  if (!row) throw new AppError('not_found', 'There is no such notification.')
  return notificationView(row)
}
