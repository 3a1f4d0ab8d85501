import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import type { IntervalKind } from './tables.ts'

/** Days in Asia/Jakarta, both within. */
export type Days = { from: string; to: string }
/** Milliseconds. `served` counts each session for itself: two at once are twice the time. */
export type Hours = Record<IntervalKind, number>

/**
 * How long these mitras were online, busy (a slot taken) and serving, exact to the millisecond; what is still open counts
 * until now. By mitra, and within that by day, or of all days together under `''`. One statement.
 */
export async function sumHours(handle: Queryable, mitraIds: readonly string[], days: Days, by: 'day' | 'range'): Promise<Map<string, Map<string, Hours>>> {
  if (mitraIds.length === 0) return new Map()
  const spans = by === 'day'
    ? sql`select d::date::text as day, d as from_day, d + interval '1 day' as to_day from generate_series(${days.from}::date::timestamp, ${days.to}::date::timestamp, interval '1 day') d`
    : sql`select '' as day, ${days.from}::date::timestamp as from_day, ${days.to}::date + interval '1 day' as to_day`
  const { rows } = await handle.execute<{ mitra_id: string; day: string; kind: IntervalKind; ms: number }>(sql`
    with spans as (
      select day, from_day at time zone 'Asia/Jakarta' as from_at, least(to_day at time zone 'Asia/Jakarta', app_now()) as to_at from (${spans}) s),
    found as materialized (
      select mitra_id, kind, started_at, coalesce(ended_at, app_now()) as until from mitra_intervals
      where mitra_id = any(${sql.param([...mitraIds])}::uuid[])
        and coalesce(ended_at, 'infinity'::timestamptz) > (select min(from_at) from spans) and started_at < (select max(to_at) from spans))
    select mitra_id, day, kind, round(sum(extract(epoch from least(until, to_at) - greatest(started_at, from_at))) * 1000)::float8 as ms
    from spans join found on started_at < to_at and until > from_at
    group by mitra_id, day, kind`)
  const sums = new Map<string, Map<string, Hours>>()
  for (const row of rows) {
    const byDay = sums.get(row.mitra_id) ?? new Map<string, Hours>()
    sums.set(row.mitra_id, byDay.set(row.day, { ...NO_HOURS, ...byDay.get(row.day), [row.kind]: row.ms }))
  }
  return sums
}

export const NO_HOURS: Hours = { online: 0, busy: 0, served: 0, break: 0 }
