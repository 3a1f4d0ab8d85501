import { and, desc, eq, inArray, isNull, lt, lte, sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { NotificationView } from './contract.ts'
import { notificationView } from './notification-view.ts'
import { notifications, type Notification } from './tables.ts'
import { findUnread, tellUnread, type Unread } from './unread.ts'

const own = (userId: string, id: string) => and(eq(notifications.id, id), eq(notifications.userId, userId))

export type InboxPage = { limit: number; cursor?: string | undefined; unread?: boolean | undefined; kind?: string | undefined }

/** A person's inbox, newest first; only what is unread, or of one kind, where that is asked for. */
export async function listNotifications(handle: Queryable, userId: string, page: InboxPage): Promise<{ items: NotificationView[]; nextCursor: string | null }> {
  const rows = await handle.select().from(notifications)
    .where(and(
      eq(notifications.userId, userId), isNull(notifications.deletedAt), page.cursor === undefined ? undefined : lt(notifications.id, page.cursor),
      page.unread === true ? isNull(notifications.readAt) : undefined, page.kind === undefined ? undefined : eq(notifications.kind, page.kind),
    ))
    .orderBy(desc(notifications.id)).limit(page.limit + 1)
  const shown = rows.slice(0, page.limit)
  return { items: shown.map(notificationView), nextCursor: rows.length > page.limit ? shown.at(-1)!.id : null }
}

/** Read again is read since the first time. Throws `not_found` for what is deleted or somebody else's. */
export async function markRead(tx: Tx, userId: string, id: string): Promise<NotificationView> {
  const [row] = await tx.sql.update(notifications).set({ readAt: sql`coalesce(${notifications.readAt}, app_now())` })
    .where(and(own(userId, id), isNull(notifications.deletedAt))).returning()
  const view = found(row)
  tellRead(tx, userId, { ids: [id] })
  return view
}

/** All up to this one, in the inbox's order, is read; answers how many were not. An id of nobody's is a place as well. */
export async function markReadUpTo(ctx: Ctx, userId: string, upToId: string): Promise<{ changed: number } & Unread> {
  const changed = await transact(ctx, async (tx) => {
    const ids = await readUnread(tx, userId, lte(notifications.id, upToId))
    if (ids.length > 0) tellRead(tx, userId, { upToId })
    return ids.length
  })
  // After the commit: a snapshot of the transaction itself sees what its order does not count yet.
  return { changed, ...(await findUnread(ctx.sql, userId)) }
}

/** The notices of these dedupe keys are read, where they were not. */
export async function markReadByKeys(tx: Tx, userId: string, dedupeKeys: readonly string[]): Promise<void> {
  if (dedupeKeys.length === 0) return
  const ids = await readUnread(tx, userId, inArray(notifications.dedupeKey, [...dedupeKeys]))
  if (ids.length > 0) tellRead(tx, userId, { ids })
}

// Locked in one order: two devices that read the same wait for one another, never in a circle.
async function readUnread(tx: Tx, userId: string, which: SQL): Promise<string[]> {
  const unread = tx.sql.select({ id: notifications.id }).from(notifications)
    .where(and(eq(notifications.userId, userId), which, isNull(notifications.readAt), isNull(notifications.deletedAt))).orderBy(notifications.id).for('update')
  const rows = await tx.sql.update(notifications).set({ readAt: sql`app_now()` }).where(inArray(notifications.id, unread)).returning({ id: notifications.id })
  return rows.map(({ id }) => id)
}

/** The row stays, so that the same notice can't come back. Throws `not_found` for somebody else's. */
export async function deleteNotification(tx: Tx, userId: string, id: string): Promise<NotificationView> {
  const [row] = await tx.sql.update(notifications).set({ deletedAt: sql`coalesce(${notifications.deletedAt}, app_now())` })
    .where(own(userId, id)).returning()
  const view = found(row)
  tx.afterCommit((ctx) => {
    ctx.publish([userId], { type: 'notification:deleted', ids: [id] })
    tellUnread(ctx, [userId])
  })
  return view
}

function tellRead(tx: Tx, userId: string, what: { ids: string[] } | { upToId: string }): void {
  tx.afterCommit((ctx) => {
    ctx.publish([userId], { type: 'notification:read', ...what })
    tellUnread(ctx, [userId])
  })
}

function found(row: Notification | undefined): NotificationView {
  if (!row) throw new AppError('not_found', 'There is no such notification.')
  return notificationView(row)
}
