import type { Tx } from '../../platform/ctx.ts'
import type { AnnouncementBody } from './contract.ts'
import { changeAnnouncement, lockAnnouncement, type Seen } from './lock-announcement.ts'
import { announcements, type Announcement } from './tables.ts'

/** A draft: nobody is told anything before it is started. */
export async function createAnnouncement(tx: Tx, wanted: AnnouncementBody & { createdBy: string }): Promise<Announcement> {
  const [made] = await tx.sql.insert(announcements).values({ ...wanted, id: tx.ids.next(), expiresAt: timeOf(wanted.expiresAt) }).returning()
  return made!
}

/** Throws `not_found`, or `conflict` for what is no draft any more or was changed by somebody else. */
export async function editAnnouncement(tx: Tx, seen: Seen, change: { [K in keyof AnnouncementBody]?: AnnouncementBody[K] | undefined }): Promise<Announcement> {
  await lockAnnouncement(tx, seen, 'edit')
  const { expiresAt, ...given } = change
  // What is not given stays; `undefined` changes nothing in a set of drizzle's.
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<Omit<AnnouncementBody, 'expiresAt'>>
  return changeAnnouncement(tx, seen.id, { ...set, ...(expiresAt === undefined ? {} : { expiresAt: timeOf(expiresAt) }) })
}

const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text))
