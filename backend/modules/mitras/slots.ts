import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { closeIntervals, openIntervals } from './intervals.ts'
import { mirrorChanged } from './mirror.ts'

/**
 * Takes slots, as many of each mitra as its id stands in the list and as are free; answers how many were granted.
 * Only approved mitras who are online and not stale. One guarded statement; rows are locked in the order of their ids,
 * so that two claims never wait for each other in a circle.
 */
export async function claimSlots(tx: Tx, mitraIds: readonly string[]): Promise<Map<string, number>> {
  if (mitraIds.length === 0) return new Map()
  const { rows } = await tx.sql.execute<{ mitra_id: string; granted: number; before: number }>(sql`
    with wanted as (
      select value::uuid as id, count(*)::int as n from jsonb_array_elements_text(${JSON.stringify(mitraIds)}::jsonb) group by 1),
    locked as (
      select s.mitra_id, s.used as before, least(w.n, s.open_capacity - s.used) as granted
      from mitra_slots s join wanted w on w.id = s.mitra_id
      where s.used < s.open_capacity
      order by s.mitra_id for update of s)
    update mitra_slots s set used = l.before + l.granted, idle_since = null
    from locked l where s.mitra_id = l.mitra_id
    returning s.mitra_id, l.granted, l.before`)
  await openIntervals(tx, 'busy', rows.filter((row) => row.before === 0).map((row) => ({ mitraId: row.mitra_id })))
  if (rows.length > 0) tx.afterCommit((ctx) => mirrorChanged(ctx, rows.map((row) => row.mitra_id)))
  return new Map(rows.map((row) => [row.mitra_id, row.granted]))
}

/** Gives slots back, as many of each mitra as its id stands in the list. The mitra is idle from now when it was the last. */
export async function freeSlots(tx: Tx, mitraIds: readonly string[]): Promise<void> {
  if (mitraIds.length === 0) return
  const { rows } = await tx.sql.execute<{ mitra_id: string; used: number; missing: number }>(sql`
    with given as (
      select value::uuid as id, count(*)::int as n from jsonb_array_elements_text(${JSON.stringify(mitraIds)}::jsonb) group by 1),
    locked as (
      select s.mitra_id, s.used as before, least(g.n, s.used) as freed, g.n
      from mitra_slots s join given g on g.id = s.mitra_id
      order by s.mitra_id for update of s)
    update mitra_slots s set used = l.before - l.freed, idle_since = case when l.before = l.freed then app_now() end
    from locked l where s.mitra_id = l.mitra_id
    returning s.mitra_id, s.used, l.n - l.freed as missing`)
  // Refusing here would keep a session from ever ending; the count of sessions is compared by a check.
  const missing = rows.filter((row) => row.missing > 0)
  if (missing.length > 0) tx.log.error({ mitraIds: missing.map((row) => row.mitra_id) }, 'more slots were freed than were in use')
  await closeIntervals(tx, 'busy', rows.filter((row) => row.used === 0).map((row) => ({ mitraId: row.mitra_id })))
  tx.afterCommit((ctx) => mirrorChanged(ctx, rows.map((row) => row.mitra_id)))
}
