import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { findReach, releaseHeld } from '../channels/index.ts'
import type { Notice } from './notify.ts'
import { localDay, momentOf, type When } from './schedule-times.ts'
import { scheduledNotices, type StoredNotice } from './tables.ts'

/** `expiresAt`: from then on nobody wants it; two days after it was due where absent. */
export type ScheduledNotice = { notice: Notice; when: When; expiresAt?: Date }

const LATE_SECONDS = 172_800

/**
 * Keeps notices of this transaction to be given later, in the person's time zone where `when` is of their wall clock; it
 * follows them when they move. One a person and dedupe key: scheduled again, the last one counts. Erased ones get none.
 */
export async function scheduleNotices(tx: Tx, wanted: readonly ScheduledNotice[]): Promise<void> {
  if (wanted.length === 0) return
  const reaches = await findReach(tx.sql, wanted.map(({ notice }) => notice.userId))
  const nowMs = tx.clock.nowMs()
  const rows = wanted.flatMap(({ notice, when, expiresAt }) => {
    const reach = reaches.get(notice.userId)
    if (!reach || reach.erased) return []
    const { userId, dedupeKey, ...rest } = notice
    const local = 'at' in when ? null : { day: localDay(nowMs, reach.timeZone, when.inDays), time: when.time }
    const dueAt = 'at' in when ? when.at : new Date(momentOf(local!, reach.timeZone))
    return [{
      id: tx.ids.next(), userId, dedupeKey, notice: rest satisfies StoredNotice, dueAt, localDay: local?.day ?? null, localTime: local?.time ?? null,
      expiresAt: expiresAt ?? new Date(dueAt.getTime() + LATE_SECONDS * 1000),
    }]
  })
  const sorted = rows.filter((row) => row.dueAt < row.expiresAt).toSorted((a, b) => (`${a.userId} ${a.dedupeKey}` < `${b.userId} ${b.dedupeKey}` ? -1 : 1))
  if (sorted.length === 0) return
  await tx.sql.insert(scheduledNotices).values(sorted).onConflictDoUpdate({ target: [scheduledNotices.userId, scheduledNotices.dedupeKey], set: {
    notice: sql`excluded.notice`, dueAt: sql`excluded.due_at`, localDay: sql`excluded.local_day`, localTime: sql`excluded.local_time`, expiresAt: sql`excluded.expires_at`,
  } })
}

/** What is not wanted any more is not given; what was given already stays. Answers how many were still to come. */
export async function cancelScheduled(tx: Tx, userId: string, dedupeKeys: readonly string[]): Promise<number> {
  if (dedupeKeys.length === 0) return 0
  const { rowCount } = await tx.sql.delete(scheduledNotices).where(and(eq(scheduledNotices.userId, userId), inArray(scheduledNotices.dedupeKey, [...dedupeKeys])))
  return rowCount ?? 0
}

/** Somebody's clock is another from now on: what is to come at a time of it comes at that time there, and quiet hours are other hours. */
export async function followPerson(tx: Tx, userId: string): Promise<void> {
  await releaseHeld(tx, userId)
  const reach = (await findReach(tx.sql, [userId])).get(userId)
  const rows = await tx.sql.select({ id: scheduledNotices.id, day: scheduledNotices.localDay, time: scheduledNotices.localTime }).from(scheduledNotices)
    .where(and(eq(scheduledNotices.userId, userId), sql`${scheduledNotices.localDay} is not null`)).orderBy(scheduledNotices.id).for('update')
  if (!reach || rows.length === 0) return
  await moveTo(tx, rows.map(({ id, day, time }) => ({ id, dueMs: momentOf({ day: day!, time: time! }, reach.timeZone) })))
}

/** The rows are the caller's, locked. */
export async function moveTo(tx: Tx, moved: readonly { id: string; dueMs: number }[]): Promise<void> {
  if (moved.length === 0) return
  await tx.sql.execute(sql`
    update scheduled_notices s set due_at = to_timestamp(m.ms / 1000.0)
    from jsonb_to_recordset(${JSON.stringify(moved.map(({ id, dueMs }) => ({ id, ms: dueMs })))}::jsonb) as m(id uuid, ms float8) where s.id = m.id`)
}
