import { sql } from '../../platform/drizzle.ts'
import type { Rollup } from '../../platform/rollups.ts'
import { KEPT_DAYS } from './kept-days.ts'

/** Pushes and letters are removed 30 days after they were settled: days from this many back on are whole. */
const WHOLE_DAYS = KEPT_DAYS - 1

/** Whole seconds for two minutes, then minutes for two hours, then hours. */
const STEPS = sql`case when took < 120 then floor(took) when took < 7200 then floor(took / 60) * 60 else floor(took / 3600) * 3600 end::integer`

/** Since when a push could have been sent: its commit, or the end of what it was held back for; after more than one call the former is meant. */
export const waitingSince = sql`case when tries <= 1 then greatest(created_at, due_at) else created_at end`

/** What was sent to people, by the day on which it was stored; how long it took to be accepted in steps. */
export const NOTICE_DAYS: Rollup = {
  name: 'notices', table: 'notice_days', isPurged: true,
  columns: ['channel', 'kind', 'state', 'reason', 'seconds', 'notices', 'called', 'delivered', 'opened'],
  first: sql`select (app_now() at time zone 'Asia/Jakarta')::date - ${sql.raw(String(WHOLE_DAYS))}`,
  ofDay: (from, until) => sql`
    select channel, kind, state, reason, case when state = 'sent' then ${STEPS} else 0 end as seconds, count(*)::integer as notices,
      (count(*) filter (where is_called))::integer as called, (count(*) filter (where is_delivered))::integer as delivered, (count(*) filter (where is_opened))::integer as opened
    from (
      select 'push' as channel, kind, state, case when state in ('failed', 'dropped') then coalesce(reason, '') else '' end as reason,
        greatest(0, extract(epoch from coalesce(accepted_at, settled_at) - ${waitingSince})) as took,
        sent_at is not null or state = 'sent' as is_called, delivered_at is not null as is_delivered, opened_at is not null as is_opened
      from pushes where created_at >= ${from} and created_at < ${until}
      union all
      select channel, kind, state, case when state in ('failed', 'dropped') then coalesce(reason, '') else '' end, greatest(0, extract(epoch from settled_at - created_at)), tries > 0, false, false
      from letters where created_at >= ${from} and created_at < ${until}) stored group by 1, 2, 3, 4, 5`,
}
