import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

/** A day and place in the queue of what was told: how many came to what, and how long they were told and waited. Seconds. */
export type WaitSums = {
  day: string
  place: string
  told: number
  withinP50: number
  withinP90: number
  late: number
  leftBefore: number
  leftBetween: number
  unknown: number
  open: number
  p50Told: number | null
  p90Told: number | null
  p50Waited: number | null
  p90Waited: number | null
}

/**
 * Waiting times that were told beside what happened, by day in Asia/Jakarta (both within): what people were told first,
 * as they joined, by their place, and all that they were told.
 */
export async function sumEstimates(handle: Queryable, days: { from: string; until: string }): Promise<WaitSums[]> {
  const { rows } = await handle.execute<WaitSums>(sql`
    with told as (
      select *, (told_at at time zone 'Asia/Jakarta')::date::text as day, row_number() over (partition by session_id order by told_at) = 1 as is_first
      from wait_estimates
      where told_at >= ${days.from}::date::timestamp at time zone 'Asia/Jakarta' and told_at < (${days.until}::date + 1)::timestamp at time zone 'Asia/Jakarta'),
    groups as (
      select *, case when position <= 3 then 'first told, place 1 to 3' when position <= 10 then 'first told, place 4 to 10' else 'first told, place 11 and on' end as place from told where is_first
      union all select *, 'first told' from told where is_first
      union all select *, 'all told' from told)
    select day, place, count(*)::int as told,
      (count(*) filter (where verdict = 'within_p50'))::int as "withinP50", (count(*) filter (where verdict in ('within_p50', 'within_p90')))::int as "withinP90",
      (count(*) filter (where verdict = 'late'))::int as late, (count(*) filter (where verdict = 'left_before'))::int as "leftBefore", (count(*) filter (where verdict = 'left_between'))::int as "leftBetween",
      (count(*) filter (where p90_seconds is null))::int as unknown, (count(*) filter (where verdict is null))::int as open,
      percentile_cont(0.5) within group (order by p50_seconds) as "p50Told", percentile_cont(0.5) within group (order by p90_seconds) as "p90Told",
      percentile_cont(0.5) within group (order by waited_seconds) filter (where outcome = 'found') as "p50Waited",
      percentile_cont(0.9) within group (order by waited_seconds) filter (where outcome = 'found') as "p90Waited"
    from groups group by day, place order by day, place`)
  return rows
}
