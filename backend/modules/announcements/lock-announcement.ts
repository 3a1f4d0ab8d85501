import { eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { assertMay, type AnnouncementAct } from './rules.ts'
import { announcements, type Announcement } from './tables.ts'

/** Which announcement, and the version of it that the caller has seen. */
export type Seen = { id: string; version: number }

/**
 * The announcement, nobody else's until the commit: a batch that is under way is waited for. Throws `not_found`;
 * `conflict` where somebody has changed it meanwhile or its state does not allow the act.
 */
export async function lockAnnouncement(tx: Tx, seen: Seen, act: AnnouncementAct): Promise<Announcement> {
  const [row] = await tx.sql.select().from(announcements).where(eq(announcements.id, seen.id)).for('update')
  if (!row) throw new AppError('not_found', 'There is no such announcement.')
  if (row.version !== seen.version) throw new AppError('conflict', 'Somebody else has changed this announcement meanwhile.')
  assertMay(act, row.state)
  return row
}

/** Changes what was locked; its version is another from now on. */
export async function changeAnnouncement(tx: Tx, id: string, change: Partial<{ [K in keyof Announcement]: Announcement[K] | ReturnType<typeof sql> }>): Promise<Announcement> {
  const [changed] = await tx.sql.update(announcements).set({ ...change, version: sql`${announcements.version} + 1`, updatedAt: sql`app_now()` }).where(eq(announcements.id, id)).returning()
  return changed!
}
