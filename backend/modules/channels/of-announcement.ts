import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { quietOf } from './find-reach.ts'
import { quietUntil } from './quiet-hours.ts'
import { notificationPreferences } from './tables.ts'

export type AnnouncementPushes = { queued: number; accepted: number; delivered: number; opened: number; failed: number; dropped: number }

/** What has become of an announcement's pushes: whoever opened one has it delivered, and whoever has it delivered was accepted. Pushes are kept for some days only. */
export async function countPushesOf(handle: Queryable, announcementId: string): Promise<AnnouncementPushes> {
  const { rows } = await handle.execute<Record<keyof AnnouncementPushes, string>>(sql`
    select count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'sent') as accepted,
      count(*) filter (where state = 'sent' and (delivered_at is not null or opened_at is not null)) as delivered,
      count(*) filter (where state = 'sent' and opened_at is not null) as opened,
      count(*) filter (where state = 'failed') as failed, count(*) filter (where state = 'dropped') as dropped
    from pushes where announcement_id = ${announcementId}`)
  const { queued, accepted, delivered, opened, failed, dropped } = rows[0]!
  return { queued: Number(queued), accepted: Number(accepted), delivered: Number(delivered), opened: Number(opened), failed: Number(failed), dropped: Number(dropped) }
}

/** Drops an announcement's pushes that wait, at most `limit`; what is being sent at this moment is left to who sends it, and what a device of theirs has already is sent. Answers how many. */
export async function dropPushesOf(handle: Queryable, announcementId: string, limit: number): Promise<number> {
  const { rowCount } = await handle.execute(sql`
    update pushes set state = case when accepted_at is null then 'dropped' else 'sent' end, reason = case when accepted_at is null then 'cancelled' end, settled_at = app_now(), claimed_until = null, pending_tokens = null
    where id = any(array(
      select id from pushes where announcement_id = ${announcementId} and state = 'queued' and (claimed_until is null or claimed_until <= app_now())
      limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}

/** Whether a letter under this key is still to be sent, or being sent. */
export async function hasLettersOf(handle: Queryable, dedupeKey: string): Promise<boolean> {
  const { rows } = await handle.execute<{ some: boolean }>(sql`select exists (select 1 from letters where state = 'queued' and dedupe_key = ${dedupeKey}) as some`)
  return rows[0]!.some
}

/** The same for its letters, by their key. */
export async function dropLettersOf(handle: Queryable, dedupeKey: string, limit: number): Promise<number> {
  const { rowCount } = await handle.execute(sql`
    update letters set state = 'dropped', reason = 'cancelled', settled_at = app_now(), claimed_until = null, text = '', to_encrypted = null
    where id = any(array(
      select id from letters where dedupe_key = ${dedupeKey} and state = 'queued' and (claimed_until is null or claimed_until <= app_now())
      limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}

/** Which of these persons have a push or a letter under this key. */
export async function findSentUnder(handle: Queryable, dedupeKey: string, userIds: readonly string[]): Promise<string[]> {
  const ids = sql.param([...userIds])
  const { rows } = await handle.execute<{ user_id: string }>(sql`
    select user_id from pushes where user_id = any(${ids}::uuid[]) and dedupe_key = ${dedupeKey}
    union select user_id from letters where user_id = any(${ids}::uuid[]) and dedupe_key = ${dedupeKey}`)
  return rows.map((row) => row.user_id)
}

/** Of these people (`id`, `time_zone`, `is_enabled`): who gets no pushes of announcements, because they want none at all or none of the kind, and who is in their quiet hours at this moment. */
export async function countUnreached(handle: Queryable, people: SQL): Promise<{ pushesOff: number; inQuietHours: number }> {
  const { rows } = await handle.execute<{ time_zone: string; quiet_from: string | null; quiet_to: string | null; is_off: boolean; people: string; now: string }>(sql`
    select p.time_zone, n.quiet_from, n.quiet_to, not p.is_enabled or n.choices ->> 'system_announcement.push' is not distinct from 'false' as is_off, count(*) as people,
      (extract(epoch from app_now()) * 1000)::bigint as now
    from (${people}) p left join ${notificationPreferences} n on n.user_id = p.id where not p.is_enabled or n.user_id is not null group by 1, 2, 3, 4`)
  let [pushesOff, inQuietHours] = [0, 0]
  for (const row of rows) {
    const quiet = quietOf(row.quiet_from, row.quiet_to)
    if (row.is_off) pushesOff += Number(row.people)
    if (quiet && quietUntil(Number(row.now), row.time_zone, quiet) !== undefined) inQuietHours += Number(row.people)
  }
  return { pushesOff, inQuietHours }
}
