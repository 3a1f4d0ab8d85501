import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Offer } from './tables.ts'

/** How these offers stand. `isOver`: its time is up, whether anybody has noticed or not; `isFollowed`: the same mitra is rung again for the same session. */
export async function findOfferStates(handle: Queryable, ids: readonly string[]): Promise<Map<string, { state: Offer['state']; isOver: boolean; isFollowed: boolean }>> {
  if (ids.length === 0) return new Map()
  const { rows } = await handle.execute<{ id: string; state: Offer['state']; is_over: boolean; is_followed: boolean }>(sql`
    select o.id, o.state, o.expires_at <= app_now() as is_over,
      exists (select from offers n where n.session_id = o.session_id and n.mitra_id = o.mitra_id and n.state = 'ringing' and n.id <> o.id) as is_followed
    from offers o where o.id = any(${sql.param([...ids])}::uuid[])`)
  return new Map(rows.map((row) => [row.id, { state: row.state, isOver: row.is_over, isFollowed: row.is_followed }]))
}
