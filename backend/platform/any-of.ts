import { sql, type AnyPgColumn, type SQL } from './drizzle.ts'

/** `column = any(ids)`: one parameter, however many ids; a list of thousands would be built, bound and planned anew each time. */
export function isAnyOf(column: AnyPgColumn, ids: readonly string[]): SQL {
  return sql`${column} = any(${sql.param([...ids])}::uuid[])`
}
