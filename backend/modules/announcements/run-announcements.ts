import { and, eq, sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { dropLettersOf, dropPushesOf, hasLettersOf } from '../channels/index.ts'
import { findSegmentPart } from '../identity/index.ts'
import { findAlreadyTold } from '../notifications/index.ts'
import { batchOf, CAUGHT_UP_SECONDS, paceSeconds } from './rules.ts'
import { announcements, announcementWaves, type Announcement, type Wave } from './tables.ts'
import { findNow, keyOf, tell } from './tell.ts'

/** A profile that was changed by a transaction which began this long before it was committed is still seen as changed. */
const COMMIT_SECONDS = 60
const DROPPED_AT_ONCE = 5000

/** Whether there is anything for `runAnnouncements`. */
export function areAnnouncementsDue(ctx: Ctx): SQL {
  return sql`(exists (select from announcements a where ${isTheirTurn(ctx)}) or exists (select from announcements where drops_pushes))`
}

/**
 * Tells the next people of an announcement that is due, one batch in one transaction: a worker that dies in it has done
 * nothing, and any replica goes on. Answers 1 where there may be more to do at once.
 */
export async function runAnnouncements(ctx: Ctx): Promise<number> {
  if (await transact(ctx, runBatch)) return 1
  return dropCancelled(ctx)
}

async function runBatch(tx: Tx): Promise<boolean> {
  // Locked first and read after that: who waited for nobody sees what the one before has committed.
  const id = await lockDue(tx)
  if (id === undefined) return false
  const [row] = await tx.sql.select().from(announcements).where(eq(announcements.id, id))
  const wave = await findDueWave(tx, id)
  if (!wave) return false
  const announcement = row!
  const now = await findNow(tx)
  if (announcement.expiresAt !== null && announcement.expiresAt <= now) return endExpired(tx, id)
  const startedAt = announcement.startedAt ?? now
  const limit = batchOf(announcement.perMinute)
  const { ids, next } = await findSegmentPart(tx.sql, {
    segment: announcement.segment, after: wave.cursorUserId ?? undefined, timeZone: wave.timeZone ?? undefined, limit,
    // To the next millisecond: what Postgres knows more exactly is not to fall out.
    joinedBy: new Date(startedAt.getTime() + 1),
    ...(wave.isLast && announcement.scheduledAt ? { changedSince: new Date(announcement.scheduledAt.getTime() - COMMIT_SECONDS * 1000) } : {}),
  })
  // Who went to another zone has been told there, maybe: they count once.
  const told = ids.length === 0 ? new Set<string>() : await findAlreadyTold(tx.sql, keyOf(id), ids)
  const fresh = ids.filter((userId) => !told.has(userId))
  await tell(tx, announcement, fresh, { now })
  await moveWave(tx, wave, fresh.length, next)
  await moveAnnouncement(tx, announcement, fresh.length)
  return true
}

function isTheirTurn({ settings }: Pick<Ctx, 'settings'>): SQL {
  return sql`a.state in ('scheduled', 'running') and a.next_at <= app_now() ${settings.get('pushesClosed') ? sql`and not a.channels ? 'push'` : sql``} and exists (
      select 1 from announcement_waves w where w.announcement_id = a.id and ${isDue})`
}

async function lockDue(tx: Tx): Promise<string | undefined> {
  const { rows } = await tx.sql.execute<{ id: string }>(sql`
    select a.id from announcements a
    where ${isTheirTurn(tx)}
    order by a.next_at limit 1 for update of a skip locked`)
  return rows[0]?.id
}

// The last one waits for all others: it finds who was in none of them.
const isDue = sql`w.state = 'waiting' and w.due_at <= app_now() and not (w.is_last and exists (
  select 1 from announcement_waves o where o.announcement_id = w.announcement_id and not o.is_last and o.state = 'waiting'))`

async function findDueWave(tx: Tx, id: string): Promise<Wave | undefined> {
  const { rows } = await tx.sql.execute<{ place: number }>(sql`select w.place from announcement_waves w where w.announcement_id = ${id} and ${isDue} order by w.due_at, w.place limit 1`)
  const place = rows[0]?.place
  if (place === undefined) return undefined
  const [wave] = await tx.sql.select().from(announcementWaves).where(and(eq(announcementWaves.announcementId, id), eq(announcementWaves.place, place)))
  return wave
}

async function moveWave(tx: Tx, wave: Wave, reached: number, next: string | undefined): Promise<void> {
  await tx.sql.update(announcementWaves).set({
    reached: sql`${announcementWaves.reached} + ${reached}`, beganAt: sql`coalesce(${announcementWaves.beganAt}, app_now())`,
    ...(next === undefined ? { state: 'done' as const, doneAt: sql`app_now()` } : { cursorUserId: next }),
  }).where(and(eq(announcementWaves.announcementId, wave.announcementId), eq(announcementWaves.place, wave.place)))
}

async function moveAnnouncement(tx: Tx, { id, perMinute }: Announcement, reached: number): Promise<void> {
  const isLeft = sql`exists (select 1 from announcement_waves w where w.announcement_id = ${id} and w.state = 'waiting')`
  await tx.sql.update(announcements).set({
    reached: sql`${announcements.reached} + ${reached}`, startedAt: sql`coalesce(${announcements.startedAt}, app_now())`,
    state: sql`case when ${isLeft} then 'running' else 'done' end`, endedAt: sql`case when not ${isLeft} then app_now() end`,
    nextAt: sql`greatest(${announcements.nextAt}, app_now() - make_interval(secs => ${CAUGHT_UP_SECONDS})) + make_interval(secs => ${paceSeconds(perMinute, reached)})`,
  }).where(eq(announcements.id, id))
}

async function endExpired(tx: Tx, id: string): Promise<boolean> {
  await tx.sql.update(announcementWaves).set({ state: 'cancelled' }).where(and(eq(announcementWaves.announcementId, id), eq(announcementWaves.state, 'waiting')))
  await tx.sql.update(announcements).set({ state: 'done', endedAt: sql`app_now()`, endReason: 'expired' }).where(eq(announcements.id, id))
  return true
}

/** Drops what waits of a cancelled announcement, a batch at a time; a push that was being sent then ends by itself, at the hook. */
async function dropCancelled(ctx: Ctx): Promise<number> {
  const [row] = await ctx.sql.select({ id: announcements.id }).from(announcements).where(sql`${announcements.dropsPushes}`).limit(1)
  if (!row) return 0
  const dropped = await Promise.all([dropPushesOf(ctx.sql, row.id, DROPPED_AT_ONCE), dropLettersOf(ctx.sql, keyOf(row.id), DROPPED_AT_ONCE)])
  if (dropped.some((many) => many >= DROPPED_AT_ONCE)) return 1
  // A letter has no hook: one that is being sent now may come back to be tried again.
  if (!(await hasLettersOf(ctx.sql, keyOf(row.id)))) await ctx.sql.update(announcements).set({ dropsPushes: false }).where(eq(announcements.id, row.id))
  return 0
}
