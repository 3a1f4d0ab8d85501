import { and, eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { changeAnnouncement, lockAnnouncement, type Seen } from './lock-announcement.ts'
import { announcements, announcementWaves, type Announcement } from './tables.ts'

/** No batch begins any more until it goes on. Pushes that are queued already are sent. Throws as `lockAnnouncement` does. */
export async function pauseAnnouncement(tx: Tx, seen: Seen): Promise<Announcement> {
  await lockAnnouncement(tx, seen, 'pause')
  return changeAnnouncement(tx, seen.id, { state: 'paused' })
}

/** It goes on where it was, and no sooner than its pace allows. Throws as `lockAnnouncement` does. */
export async function resumeAnnouncement(tx: Tx, seen: Seen): Promise<Announcement> {
  const { startedAt, schedule } = await lockAnnouncement(tx, seen, 'resume')
  return changeAnnouncement(tx, seen.id, { state: startedAt === null && schedule.when !== 'now' ? 'scheduled' : 'running', nextAt: sql`greatest(${announcements.nextAt}, app_now())` })
}

/**
 * Nobody else is told, and pushes of it that are queued are dropped: a sweep does that, batch by batch, and no worker
 * sends one meanwhile. What stands in an inbox stays. Throws as `lockAnnouncement` does.
 */
export async function cancelAnnouncement(tx: Tx, seen: Seen): Promise<Announcement> {
  const { startedAt } = await lockAnnouncement(tx, seen, 'cancel')
  await tx.sql.update(announcementWaves).set({ state: 'cancelled' }).where(and(eq(announcementWaves.announcementId, seen.id), eq(announcementWaves.state, 'waiting')))
  return changeAnnouncement(tx, seen.id, { state: 'cancelled', endedAt: sql`app_now()`, endReason: 'cancelled', dropsPushes: startedAt !== null })
}
