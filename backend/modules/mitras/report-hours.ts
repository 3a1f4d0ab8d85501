import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { periodOf, rowsOfRollup, type DaysRange, type Grouping } from '../../platform/rollups.ts'
import { MITRA_HOUR_DAYS } from './rollups.ts'

/** Milliseconds of all mitras together; `mitras`: how many were online, on average of the days on which somebody was. */
export type HourSums = { period: string; mitras: number | null; onlineMs: number; busyMs: number; servedMs: number; breakMs: number }

/** Hours of all mitras in each period. `served` counts each session for itself. Days in Asia/Jakarta, both within. */
export async function sumHoursOfAll(handle: Queryable, days: DaysRange, group: Grouping): Promise<HourSums[]> {
  const of = (kind: string) => sql`coalesce(sum(ms) filter (where kind = ${kind}), 0)::float8`
  const { rows } = await handle.execute<HourSums>(sql`
    select ${periodOf(group)} as period, (avg(mitras) filter (where kind = 'online'))::float8 as mitras,
      ${of('online')} as "onlineMs", ${of('busy')} as "busyMs", ${of('served')} as "servedMs", ${of('break')} as "breakMs"
    from ${await rowsOfRollup(handle, MITRA_HOUR_DAYS, days)} r group by 1 order by 1`)
  return rows
}
