import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { notify } from '../notifications/index.ts'
import type { Announcement } from './tables.ts'

const DAY_SECONDS = 86_400

/** Once a person, whoever tells them and however often. */
export const keyOf = (id: string): string => `announcement:${id}`

/** Gives these people the announcement in this transaction. `testKey`: a copy that counts for nothing. */
export async function tell(tx: Tx, announcement: Announcement, userIds: readonly string[], { now, testKey }: { now: Date; testKey?: string }): Promise<void> {
  const { id, texts, link, channels, priority, expiresAt } = announcement
  const ttlSeconds = expiresAt && Math.max(1, Math.min(DAY_SECONDS, Math.floor((expiresAt.getTime() - now.getTime()) / 1000)))
  await notify(tx, userIds.map((userId) => ({
    userId, template: 'announcement' as const, dedupeKey: testKey ?? keyOf(id), data: { announcementId: id, ...(link === null ? {} : { link }) }, text: texts, priority, channels,
    ...(ttlSeconds === null ? {} : { ttlSeconds }), ...(testKey ? {} : { announcementId: id }),
  })))
}

/** Postgres' time. */
export async function findNow(tx: Tx): Promise<Date> {
  const { rows } = await tx.sql.execute<{ now: string }>(sql`select app_now() as now`)
  return new Date(rows[0]!.now)
}
