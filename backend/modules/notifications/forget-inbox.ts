import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { notifications, scheduledNotices } from './tables.ts'

/** The number has a new owner, maybe: what was told to the one before, and what was to be, is not theirs to read. */
export async function forgetInbox(tx: Tx, userId: string): Promise<void> {
  await tx.sql.update(notifications).set({ deletedAt: sql`app_now()` }).where(and(eq(notifications.userId, userId), isNull(notifications.deletedAt)))
  await tx.sql.delete(scheduledNotices).where(eq(scheduledNotices.userId, userId))
}
