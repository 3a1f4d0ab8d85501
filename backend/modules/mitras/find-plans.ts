import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

/** What a schedule says of a moment: within hours or not, and when it changes next; null where no change is near. */
export type Plan = { isOn: boolean; edge: { at: Date; goes: 'online' | 'offline' } | null }

/** Changes are known so far ahead; further on it is looked again. */
const AHEAD_DAYS = 13

/**
 * What the schedules of these mitras say. Hours are local times of their dates, so a day on which the clocks change is as
 * long as it is; hours that end before they begin go on into the next day; a date that is off drops what begins on it.
 * Hours that touch or overlap are one. One statement; Postgres knows the time zones.
 */
export async function findPlans(handle: Queryable, mitraIds: readonly string[], now: SQL = sql`app_now()`): Promise<Map<string, Plan>> {
  if (mitraIds.length === 0) return new Map()
  const { rows } = await handle.execute<{ mitra_id: string; is_on: boolean; edge_at: string | null }>(sql`
    with schedules as (
      select mitra_id, time_zone, weekly, exceptions from mitra_schedules where mitra_id = any(${sql.param([...mitraIds])}::uuid[])),
    days as (
      select s.*, (${now} at time zone time_zone)::date + ahead as day from schedules s cross join generate_series(-2, ${AHEAD_DAYS + 2}::int) ahead),
    hours as (
      select d.mitra_id, d.day, d.time_zone, w.begins, w.ends from days d
      cross join lateral (select weekday, "from" as begins, "to" as ends from jsonb_to_recordset(d.weekly) as w(weekday int, "from" time, "to" time)) w
      where w.weekday = extract(isodow from d.day)
        and not exists (select 1 from jsonb_to_recordset(d.exceptions) as x(date date, off boolean) where x.date = d.day and x.off)
      union all
      select d.mitra_id, d.day, d.time_zone, x."from", x."to" from days d
      cross join lateral jsonb_to_recordset(d.exceptions) as x(date date, off boolean, "from" time, "to" time)
      where x.date = d.day and x.off is not true),
    instants as (
      select mitra_id, (day + begins) at time zone time_zone as begins,
        (day + ends + case when ends <= begins then interval '1 day' else interval '0' end) at time zone time_zone as ends
      from hours),
    -- hours that the change of the clocks swallows end where they begin
    spans as (select mitra_id, range_agg(tstzrange(begins, greatest(begins, ends))) as on_air from instants group by mitra_id)
    select s.mitra_id, coalesce(p.on_air @> ${now}, false) as is_on, (
      select min(edge) from unnest(p.on_air) as span, lateral (values (lower(span)), (upper(span))) as e(edge)
      where edge > ${now} and edge < ${now} + make_interval(days => ${AHEAD_DAYS})) as edge_at
    from schedules s left join spans p using (mitra_id)`)
  return new Map(rows.map((row) => [row.mitra_id, {
    isOn: row.is_on,
    // Hours that touch are one, so whoever is within them goes offline next, and who is not comes online.
    edge: row.edge_at === null ? null : { at: new Date(row.edge_at), goes: row.is_on ? 'offline' : 'online' },
  }]))
}
