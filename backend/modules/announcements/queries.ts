import { and, asc, desc, eq, inArray, lt } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { AnnouncementState } from './contract.ts'
import { announcements, announcementWaves, type Announcement, type Wave } from './tables.ts'

export type AnnouncementFilter = { limit: number; cursor?: string | undefined; states?: readonly AnnouncementState[] | undefined }

/** Newest first, one more than asked for. */
export async function findAnnouncements(handle: Queryable, { limit, cursor, states }: AnnouncementFilter): Promise<Announcement[]> {
  return handle.select().from(announcements)
    .where(and(states ? inArray(announcements.state, [...states]) : undefined, cursor === undefined ? undefined : lt(announcements.id, cursor)))
    .orderBy(desc(announcements.id)).limit(limit + 1)
}

/** With its waves, in the order of their time. Throws `not_found`. */
export async function findAnnouncement(handle: Queryable, id: string): Promise<{ announcement: Announcement; waves: Wave[] }> {
  const [[announcement], waves] = await Promise.all([
    handle.select().from(announcements).where(eq(announcements.id, id)),
    handle.select().from(announcementWaves).where(eq(announcementWaves.announcementId, id)).orderBy(asc(announcementWaves.dueAt), asc(announcementWaves.place)),
  ])
  if (!announcement) throw new AppError('not_found', 'There is no such announcement.')
  return { announcement, waves }
}
