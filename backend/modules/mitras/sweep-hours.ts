import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { putOffline } from './put-offline.ts'
import { putOnline } from './put-online.ts'
import { planAhead } from './schedule.ts'

/** Mitras of one transaction. */
export const HOURS_BATCH = 200

/** Whether there is anything for `sweepSchedules`. */
export function areEdgesDue(): SQL {
  return sql`(select true from mitra_schedules where next_edge_at <= app_now() order by next_edge_at limit 1)`
}

/** Whether there is anything for `sweepBreaks`. */
export function areBreaksOver(): SQL {
  return sql`(select true from mitras where break_until <= app_now() order by break_until limit 1)`
}

/**
 * Puts online and offline whose schedule has come to an edge; however many edges were slept over, what counts is what the
 * schedule says now. Between edges the mitra decides. On every replica; each edge is one's. Answers how many it met.
 */
export async function sweepSchedules(ctx: Ctx): Promise<number> {
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<{ mitra_id: string; edge_goes: string | null }>(sql`
      select mitra_id, edge_goes from mitra_schedules where next_edge_at <= app_now()
      order by next_edge_at limit ${HOURS_BATCH} for update skip locked`)
    if (rows.length === 0) return 0
    const on = await planAhead(tx, rows.map((row) => row.mitra_id))
    const edges = rows.filter((row) => row.edge_goes !== null).map((row) => row.mitra_id)
    await putOffline(tx, edges.filter((mitraId) => !on.has(mitraId)), 'schedule')
    await putOnline(tx, edges.filter((mitraId) => on.has(mitraId)), 'schedule')
    return rows.length
  })
}

/** Ends breaks whose time is over: their mitras are online again. On every replica; each break is one's. Answers how many. */
export async function sweepBreaks(ctx: Ctx): Promise<number> {
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<{ user_id: string }>(sql`
      with over as materialized (
        select user_id from mitras where break_until <= app_now() order by user_id limit ${HOURS_BATCH} for no key update skip locked)
      update mitras m set break_until = null from over o where m.user_id = o.user_id returning m.user_id`)
    await putOnline(tx, rows.map((row) => row.user_id), 'break')
    return rows.length
  })
}
