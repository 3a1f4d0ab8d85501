import { sql, type SQL } from './drizzle.ts'

type Column<Row> = readonly [type: 'uuid' | 'text' | 'integer' | 'float8' | 'boolean', valueOf: (row: Row) => string | number | boolean | null]

/**
 * These rows as a table `r` of a statement: one parameter a column, however many rows there are. A list of values would be
 * built, bound and parsed anew for each of them.
 */
export function asRows<Row>(rows: readonly Row[], columns: Readonly<Record<string, Column<Row>>>): SQL {
  const lists = Object.values(columns).map(([type, valueOf]) => sql`${sql.param(rows.map(valueOf))}::${sql.raw(type)}[]`)
  return sql`unnest(${sql.join(lists, sql`, `)}) as r(${sql.join(Object.keys(columns).map((name) => sql.identifier(name)), sql`, `)})`
}
