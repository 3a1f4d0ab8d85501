import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { periodOf, rowsOfRollup, type DaysRange, type Grouping } from '../../platform/rollups.ts'
import { NOTICE_DAYS } from './rollups.ts'

/** `kind` is `all` for a channel as a whole. Seconds are of the steps of the sums; null where nothing was accepted. */
export type NoticeSums = {
  period: string; channel: string; kind: string; queued: number; called: number; accepted: number; delivered: number; opened: number
  failed: number; dropped: number; waiting: number; p50Seconds: number | null; p90Seconds: number | null
}

/** What became of what was sent to people in each period. Days in Asia/Jakarta, both within. */
export async function sumNotices(handle: Queryable, days: DaysRange, group: Grouping): Promise<NoticeSums[]> {
  const { rows } = await handle.execute<NoticeSums>(sql`
    with kinds as materialized (
      select ${periodOf(group)} as period, channel, kind, state, seconds, sum(notices)::float8 as notices, sum(called)::float8 as called, sum(delivered)::float8 as delivered, sum(opened)::float8 as opened
      from ${await rowsOfRollup(handle, NOTICE_DAYS, days)} r group by 1, 2, 3, 4, 5),
    lines as materialized (
      select * from kinds
      union all select period, channel, 'all', state, seconds, sum(notices), sum(called), sum(delivered), sum(opened) from kinds group by 1, 2, 4, 5),
    accepted as (
      select period, channel, kind, seconds, sum(notices) over (partition by period, channel, kind order by seconds) as upto, sum(notices) over (partition by period, channel, kind) as total
      from lines where state = 'sent'),
    places as (select period, channel, kind, min(seconds) filter (where upto >= total * 0.5) as p50, min(seconds) filter (where upto >= total * 0.9) as p90 from accepted group by 1, 2, 3)
    select period, channel, kind, sum(notices) as queued, sum(called) as called, coalesce(sum(notices) filter (where state = 'sent'), 0) as accepted, sum(delivered) as delivered, sum(opened) as opened,
      coalesce(sum(notices) filter (where state = 'failed'), 0) as failed, coalesce(sum(notices) filter (where state = 'dropped'), 0) as dropped,
      coalesce(sum(notices) filter (where state = 'queued'), 0) as waiting, min(p50) as "p50Seconds", min(p90) as "p90Seconds"
    from lines left join places using (period, channel, kind) group by 1, 2, 3 order by 1, 2, kind <> 'all', 3`)
  return rows
}

/** What was not sent, and why. */
export async function sumNoticeEnds(handle: Queryable, days: DaysRange, group: Grouping): Promise<{ period: string; channel: string; kind: string; state: string; reason: string; notices: number }[]> {
  const { rows } = await handle.execute<{ period: string; channel: string; kind: string; state: string; reason: string; notices: number }>(sql`
    select ${periodOf(group)} as period, channel, kind, state, reason, sum(notices)::float8 as notices
    from ${await rowsOfRollup(handle, NOTICE_DAYS, days)} r where state in ('failed', 'dropped') group by 1, 2, 3, 4, 5 order by 1, 6 desc, 2, 3, 4, 5`)
  return rows
}
