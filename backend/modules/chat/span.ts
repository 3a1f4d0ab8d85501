import { sql, type SQL } from '../../platform/drizzle.ts'

/**
 * Narrows messages called `o` to the partitions that these conversations may be in: the planner then leaves out all
 * others, which it can't do for ids that it meets only while it runs. Adds nothing to which rows are found.
 */
export function spanOf(conversationIds: readonly string[]): SQL {
  const [low, high] = conversationIds.reduce<[string?, string?]>(([least, most], id) => [least === undefined || id < least ? id : least, most === undefined || id > most ? id : most], [])
  return low === undefined ? sql`false` : sql`o.conversation_id between ${low}::uuid and ${high}::uuid`
}
