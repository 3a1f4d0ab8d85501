import { sql } from '../../platform/drizzle.ts'
import type { Rollup } from '../../platform/rollups.ts'

/** How long mitras together were online, busy, serving and in a break, and how many of them; what is open counts until now. */
export const MITRA_HOUR_DAYS: Rollup = {
  name: 'mitra-hours', table: 'mitra_hour_days', columns: ['kind', 'mitras', 'ms'],
  first: sql`select (min(started_at) at time zone 'Asia/Jakarta')::date from mitra_intervals`,
  ofDay: (from, until) => sql`
    select kind, count(distinct mitra_id)::integer as mitras,
      coalesce(sum(round(extract(epoch from greatest(interval '0', least(coalesce(ended_at, app_now()), ${until}) - greatest(started_at, ${from}))) * 1000)), 0)::bigint as ms
    from mitra_intervals where tstzrange(started_at, ended_at) && tstzrange(${from}, least(${until}, greatest(${from}, app_now()))) group by 1`,
}
