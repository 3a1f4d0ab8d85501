import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

/**
 * Narrows messages called `o` to the partitions that these conversations may be in: the planner then leaves out all
 * others, which it can't do for ids that it meets only while it runs. Adds nothing to which rows are found.
 */
export function spanOf(conversationIds: readonly string[]): SQL {
  const [low, high] = conversationIds.reduce<[string?, string?]>(([least, most], id) => [least === undefined || id < least ? id : least, most === undefined || id > most ? id : most], [])
  return low === undefined ? sql`false` : sql`o.conversation_id between ${low}::uuid and ${high}::uuid`
}

/**
 * The least and the greatest of the ids that a query with the column `id` gives, for `spanOf`; none where it gives none.
 * As text: Postgres 17 has no min() of UUIDs.
 */
export async function findSpan(handle: Queryable, ids: SQL): Promise<readonly string[]> {
  const { rows: [found] } = await handle.execute<{ low: string | null; high: string | null }>(sql`
    select min(k.id::text collate "C") as low, max(k.id::text collate "C") as high from (${ids}) k`)
  return found?.low == null || found.high === null ? [] : [found.low, found.high]
}
