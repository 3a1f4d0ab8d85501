import { sql } from '../../platform/drizzle.ts'
import type { Rollup } from '../../platform/rollups.ts'

const first = sql`select (min(queued_at) at time zone 'Asia/Jakarta')::date from chat_sessions`

/** Sessions by the day and hour in which they were asked for, whatever day they ended on. */
export const SESSION_DAYS: Rollup = {
  name: 'sessions', table: 'session_days', first,
  columns: ['hour', 'asked', 'found', 'paid', 'served', 'ended', 'cancelled', 'expired', 'unserved', 'served_ms'],
  ofDay: (from, until) => sql`
    select extract(hour from queued_at at time zone 'Asia/Jakarta')::integer as hour, count(*)::integer as asked,
      (count(*) filter (where held_at is not null or paid_at is not null))::integer as found, (count(*) filter (where paid_at is not null))::integer as paid,
      (count(*) filter (where accepted_at is not null))::integer as served,
      (count(*) filter (where state = 'ended'))::integer as ended, (count(*) filter (where state = 'cancelled'))::integer as cancelled,
      (count(*) filter (where state = 'expired'))::integer as expired, (count(*) filter (where state = 'unserved'))::integer as unserved,
      coalesce(sum(greatest(0, round((extract(epoch from least(paused_at, ended_at, ends_at) - clock_started_at) - paused_seconds) * 1000))) filter (where state = 'ended' and clock_started_at is not null), 0)::bigint as served_ms
    from chat_sessions where queued_at >= ${from} and queued_at < ${until} group by 1`,
}

export const SESSION_END_DAYS: Rollup = {
  name: 'session-ends', table: 'session_end_days', first, columns: ['state', 'reason', 'sessions'],
  ofDay: (from, until) => sql`
    select state, coalesce(end_reason, '') as reason, count(*)::integer as sessions from chat_sessions
    where queued_at >= ${from} and queued_at < ${until} and ended_at is not null group by 1, 2`,
}

/** Offers by the day on which they were made; answers by how many whole seconds they took. */
export const OFFER_DAYS: Rollup = {
  name: 'offers', table: 'offer_days', columns: ['state', 'seconds', 'offers', 'took_ms'],
  first: sql`select (min(created_at) at time zone 'Asia/Jakarta')::date from offers`,
  ofDay: (from, until) => sql`
    select state, case when took is null then 0 else floor(took)::integer end as seconds, count(*)::integer as offers, coalesce(sum(round(took * 1000)), 0)::bigint as took_ms
    from (select state, case when state in ('accepted', 'declined') then greatest(0, extract(epoch from ended_at - created_at)) end as took
      from offers where created_at >= ${from} and created_at < ${until} and state <> 'ringing') made group by 1, 2`,
}
