import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import { findAnnouncement } from './queries.ts'
import type { Announcement } from './tables.ts'
import { findNow, tell } from './tell.ts'

/** Gives these people a copy, again each time; it counts for nothing. Throws `not_found` where there is no such announcement or person. */
export async function sendTest(tx: Tx, id: string, userIds: readonly string[]): Promise<Announcement> {
  const { announcement } = await findAnnouncement(tx.sql, id)
  const people = await findPeople(tx.sql, userIds)
  if (userIds.some((userId) => people.get(userId)?.erasedAt !== null)) throw new AppError('not_found', 'There is no such person.')
  await tell(tx, announcement, [...new Set(userIds)], { now: await findNow(tx), testKey: `announcement-test:${tx.ids.next()}` })
  return announcement
}
