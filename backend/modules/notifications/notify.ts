import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { findErased } from '../identity/index.ts'
import { notificationView } from './notification-view.ts'
import { notifications, pushes } from './tables.ts'

export type Notice = {
  userId: string
  kind: string
  /** One notice a person and key, however often and by whomever it is given. */
  dedupeKey: string
  title: string
  body: string
  /** Ids for the app, with `kind`; values are strings, as FCM wants them. */
  data: Record<string, string>
  /** Default true: it stands in the in-app inbox. */
  inbox?: boolean
  /** `tag` replaces what is shown under it; after `ttlSeconds` nobody wants it any more. */
  push?: { tag: string; ttlSeconds: number; highPriority: boolean }
}

/** Stores the notices in this transaction; once it is committed, the inbox is told and the pushes set off. */
export async function notify(tx: Tx, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return
  // One order for everybody: two transactions that give the same notices wait for one another, never in a circle.
  const erased = await findErased(tx.sql, [...new Set(notices.map(({ userId }) => userId))])
  const sorted = notices.filter(({ userId }) => !erased.has(userId)).toSorted((a, b) => compare(a.userId, b.userId) || compare(a.dedupeKey, b.dedupeKey))
  await storeInbox(tx, sorted.filter((notice) => notice.inbox !== false))
  await storePushes(tx, sorted.flatMap((notice) => (notice.push ? [{ ...notice, push: notice.push }] : [])))
}

async function storeInbox(tx: Tx, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return
  const rows = await tx.sql.insert(notifications).values(notices.map((notice) => ({ id: tx.ids.next(), ...content(notice) })))
    .onConflictDoNothing({ target: [notifications.userId, notifications.dedupeKey] }).returning()
  tx.afterCommit((ctx) => {
    for (const row of rows) ctx.publish([row.userId], { type: 'notification:created', notification: notificationView(row) })
  })
}

async function storePushes(tx: Tx, notices: readonly (Notice & Required<Pick<Notice, 'push'>>)[]): Promise<void> {
  if (notices.length === 0) return
  const rows = await tx.sql.insert(pushes).values(notices.map((notice) => ({
    id: tx.ids.next(), ...content(notice), tag: notice.push.tag, highPriority: notice.push.highPriority,
    expiresAt: sql`app_now() + make_interval(secs => ${notice.push.ttlSeconds})`,
  }))).onConflictDoNothing({ target: [pushes.userId, pushes.dedupeKey] }).returning({ id: pushes.id })
  tx.afterCommit((ctx) => {
    for (const row of rows) ctx.enqueue('pushes', row.id)
  })
}

function content({ userId, kind, dedupeKey, title, body, data }: Notice) {
  return { userId, kind, dedupeKey, title, body, data: { kind, ...data } }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
