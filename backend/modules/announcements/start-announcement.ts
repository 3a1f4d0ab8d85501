import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { countSegment, findTimeZones } from '../identity/index.ts'
import { momentOf } from '../notifications/index.ts'
import { changeAnnouncement, lockAnnouncement, type Seen } from './lock-announcement.ts'
import { isAsExpected } from './rules.ts'
import type { Announcement } from './tables.ts'

/** `expected`: how many the dry run said. */
export type StartWanted = Seen & { expected?: number | undefined }

/**
 * Starts a draft: it waits for its time, or begins at once. Throws `not_found`; `conflict` for what is no draft any more,
 * for a segment of nobody, where many would be told and `expected` is missing or another number, and where its time is over.
 */
export async function startAnnouncement(tx: Tx, wanted: StartWanted): Promise<Announcement> {
  const row = await lockAnnouncement(tx, wanted, 'start')
  const people = await countSegment(tx.sql, row.segment)
  if (people === 0) throw new AppError('conflict', 'Nobody belongs to this segment.')
  const most = tx.settings.get('announcementsUncounted')
  if (wanted.expected === undefined ? people > most : !isAsExpected(wanted.expected, people)) {
    throw new AppError('conflict', wanted.expected === undefined ? `It would tell ${people} people: more than ${most} need the number of the dry run.` : `It would tell ${people} people, not ${wanted.expected}.`)
  }
  const waves = await layWaves(tx, row)
  if (row.expiresAt !== null && waves.last >= row.expiresAt) throw new AppError('conflict', 'It expires before it is due everywhere.')
  return changeAnnouncement(tx, row.id, { state: row.schedule.when === 'now' ? 'running' : 'scheduled', counted: people, scheduledAt: sql`app_now()`, nextAt: sql`app_now()` })
}

/** Answers when the last wave is due. Throws `conflict` where everything would be due already. */
async function layWaves(tx: Tx, { id, schedule, segment }: Announcement): Promise<{ last: Date }> {
  const wave = (place: number, timeZone: string | null, isLast: boolean, dueAt: SQL): SQL => sql`(${id}::uuid, ${place}::integer, ${timeZone}::text, ${isLast}::boolean, ${dueAt})`
  const at = (ms: number): SQL => sql`${new Date(ms).toISOString()}::timestamptz`
  const waves: SQL[] = []
  if (schedule.when === 'local') {
    const zones = (await findTimeZones(tx.sql)).filter((zone) => segment.timeZones?.includes(zone) ?? true)
    // Not by Postgres: it does not know every zone that people can have, and one that it does not know would keep all of it from starting.
    const [day, time] = schedule.at.split('T') as [string, string] // the contract's own shape
    const local = (zone: string): number => momentOf({ day, time }, zone)
    zones.forEach((zone, place) => waves.push(wave(place, zone, false, at(local(zone)))))
    // Whoever goes to another zone meanwhile is found by the last one; it is due when all others are.
    waves.push(wave(zones.length, null, true, at(zones.length === 0 ? local('Asia/Jakarta') : Math.max(...zones.map(local)))))
  } else {
    waves.push(wave(0, null, false, schedule.when === 'now' ? sql`app_now()` : at(Date.parse(schedule.at))))
  }
  const { rows } = await tx.sql.execute<{ due_at: string; is_over: boolean }>(sql`
    insert into announcement_waves (announcement_id, place, time_zone, is_last, due_at) values ${sql.join(waves, sql`, `)}
    returning due_at, due_at < app_now() as is_over`)
  if (schedule.when !== 'now' && rows.every((row) => row.is_over)) throw new AppError('conflict', 'Its time is over.')
  return { last: new Date(Math.max(...rows.map((row) => new Date(row.due_at).getTime()))) }
}
