import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

export type Comings = { came: number; went: number; onlineSeconds: number; seconds: number }

/**
 * How many mitras came online and went in the last two hours, and in the hour to come of each of the last `days` days:
 * the time of day tells more than the day. `onlineSeconds` of all of them together within `seconds`.
 */
export async function measureComings(handle: Queryable, days: number): Promise<Comings> {
  const { rows } = await handle.execute<Comings>(sql`
    with windows as (
      select app_now() - interval '2 hours' as began, app_now() as ended
      union all select app_now() - make_interval(days => back), app_now() - make_interval(days => back) + interval '1 hour' from generate_series(1, ${days}::int) back
        where app_now() - make_interval(days => back) >= (select min(started_at) from mitra_intervals where kind = 'online')),
    spans as (
      select w.began, w.ended, i.started_at, i.ended_at from windows w
      join mitra_intervals i on i.kind = 'online' and i.started_at < w.ended and coalesce(i.ended_at, app_now()) > w.began)
    select (count(*) filter (where started_at >= began))::int as came, (count(*) filter (where ended_at < ended))::int as went,
      coalesce(sum(extract(epoch from least(coalesce(ended_at, app_now()), ended) - greatest(started_at, began))), 0)::float8 as "onlineSeconds",
      (select sum(extract(epoch from ended - began)) from windows)::float8 as seconds
    from spans`)
  return rows[0]!
}
