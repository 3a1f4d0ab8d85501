import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Segment } from './contract.ts'
import { isIndonesian } from './languages.ts'

/** A segment that fits few of all people is looked through so many at a time: no statement reads a whole table for a handful. */
const WINDOW = 4000

export type SegmentPart = {
  segment: Segment
  /** An id; the part begins after it. */
  after?: string | undefined
  /** Only this time zone. */
  timeZone?: string | undefined
  /** Only accounts that are as old as this. */
  joinedBy?: Date | undefined
  /** Only people who have changed anything of their profile since. */
  changedSince?: Date | undefined
  limit: number
}

/**
 * The next people of a segment by their ids, at most `limit`; there may be none among many who were looked at. `next`:
 * where to go on; undefined once everybody was looked at.
 */
export async function findSegmentPart(handle: Queryable, part: SegmentPart): Promise<{ ids: string[]; next: string | undefined }> {
  const { segment, after, timeZone, joinedBy, changedSince, limit } = part
  const near = sql`u.id > ${after ?? '00000000-0000-0000-0000-000000000000'}::uuid and ${wayOf(segment, timeZone)}`
  const fits = all([
    fitsSegment(segment, 'some'),
    ...(timeZone === undefined ? [] : [sql`u.time_zone = ${timeZone}`]),
    ...(joinedBy ? [sql`u.created_at <= ${joinedBy}`] : []),
    ...(changedSince ? [sql`u.updated_at >= ${changedSince}`] : []),
  ])
  // One snapshot for who fits and for where the window ends: whoever is erased in between must not move it.
  const { rows } = await handle.execute<{ ids: string[]; next: string | null }>(sql`
    with found as materialized (
      select id from (select u.id, ${fits} as fits from users u where ${near} order by u.id limit ${WINDOW}) looked where fits order by id limit ${limit})
    select array(select id from found order by id) as ids,
      case when (select count(*) from found) < ${limit} then (select u.id from users u where ${near} order by u.id offset ${WINDOW - 1} limit 1) else (select id from found order by id desc limit 1) end as next`)
  return { ids: rows[0]!.ids, next: rows[0]!.next ?? undefined }
}

export type SegmentSize = {
  people: number
  languages: { id: number; en: number }
  /** How many have a device that is signed in. */
  withDevice: number
}

/** How many a segment has now, each counted. */
export async function measureSegment(handle: Queryable, segment: Segment): Promise<SegmentSize> {
  const inSegment = sql`${wayOf(segment)} and ${fitsSegment(segment, 'all')}`
  const [{ rows: [counted] }, { rows: [reachable] }] = await Promise.all([
    handle.execute<{ people: number; indonesian: number }>(sql`select count(*)::integer as people, count(*) filter (where ${isIndonesian(sql`u.language`)})::integer as indonesian from users u where ${inSegment}`),
    handle.execute<{ people: number }>(sql`select count(distinct u.id)::integer as people from users u join devices d on d.user_id = u.id join sign_ins s on s.id = d.sign_in_id and s.revoked_at is null where ${inSegment}`),
  ])
  const { people, indonesian } = counted!
  return { people, languages: { id: indonesian, en: people - indonesian }, withDevice: reachable!.people }
}

/** The same, and no more than how many. */
export async function countSegment(handle: Queryable, segment: Segment): Promise<number> {
  const { rows } = await handle.execute<{ people: number }>(sql`select count(*)::integer as people from users u where ${wayOf(segment)} and ${fitsSegment(segment, 'all')}`)
  return rows[0]!.people
}

/** `id`, `time_zone` and `is_enabled` (notifications are not switched off in the app) of a segment, as a query for another module's statement. */
export function peopleOf(segment: Segment): SQL {
  return sql`select u.id, u.time_zone, p.values ->> 'notificationsEnabled' is distinct from 'false' as is_enabled from users u left join preferences p on p.user_id = u.id where ${wayOf(segment)} and ${fitsSegment(segment, 'all')}`
}

/** The time zones that people have. */
export async function findTimeZones(handle: Queryable): Promise<string[]> {
  // From one to the next along the index: a million people have a handful of them.
  const { rows } = await handle.execute<{ time_zone: string }>(sql`
    with recursive zones as (
      (select time_zone from users where erased_at is null order by time_zone limit 1)
      union all
      select (select u.time_zone from users u where u.erased_at is null and u.time_zone > zones.time_zone order by u.time_zone limit 1) from zones where zones.time_zone is not null)
    select time_zone from zones where time_zone is not null`)
  return rows.map((row) => row.time_zone)
}

/** Which index is gone along: what stands here is looked up, what stands in `fitsSegment` is asked of each. */
function wayOf(segment: Segment, timeZone?: string): SQL {
  if (segment.userIds) return sql`u.id = any(${sql.param(segment.userIds)}::uuid[])`
  if (timeZone !== undefined) return sql`u.time_zone = ${timeZone} and u.erased_at is null`
  // Written into the statement: the planner knows how many there are.
  if (segment.kind) return segment.kind === 'mitra' ? sql`u.kind = 'mitra'` : sql`u.kind = 'customer'`
  return sql`true`
}

/** `asked`: of `some` people it is looked up for each; of `all` of them Postgres may read whole tables. */
function fitsSegment(segment: Segment, asked: 'some' | 'all'): SQL {
  const { kind, language, timeZones, activeDays, joinedFrom, joinedUntil, platforms } = segment
  return all([
    sql`u.erased_at is null and u.erasing_at is null and u.banned_at is null and (u.suspended_until is null or u.suspended_until <= app_now())`,
    ...(kind ? [sql`u.kind = ${kind}`] : []),
    ...(language ? [sql`${isIndonesian(sql`u.language`)} = ${language === 'id'}`] : []),
    ...(timeZones ? [sql`u.time_zone = any(${sql.param(timeZones)}::text[])`] : []),
    ...(activeDays === undefined ? [] : [sql`u.last_active_at >= (select app_now()) - make_interval(days => ${activeDays})`]),
    ...(joinedFrom ? [sql`u.created_at >= ${joinedFrom}::date::timestamp at time zone 'Asia/Jakarta'`] : []),
    ...(joinedUntil ? [sql`u.created_at < (${joinedUntil}::date + 1)::timestamp at time zone 'Asia/Jakarta'`] : []),
    ...(platforms ? [hasDeviceOf(platforms, asked)] : []),
  ])
}

function hasDeviceOf(platforms: readonly string[], asked: 'some' | 'all'): SQL {
  const devices = sql`devices d join sign_ins s on s.id = d.sign_in_id where d.user_id = u.id and s.revoked_at is null and d.platform = any(${sql.param([...platforms])}::text[])`
  // With a limit it stays one look into an index a person; an `exists` the planner may turn into a scan of all devices.
  return asked === 'all' ? sql`exists (select from ${devices})` : sql`coalesce((select true from ${devices} limit 1), false)`
}

const all = (conditions: readonly SQL[]): SQL => sql`(${sql.join([...conditions], sql` and `)})`
