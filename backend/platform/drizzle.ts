/**
 * The parts of drizzle that are used, in one place: Node parses a package's package.json anew for every file that
 * imports it, and drizzle's is 180 KB. Imported by name from each file, that took two thirds of the start.
 */
export {
  and, asc, count, desc, eq, getTableColumns, gt, gte, ilike, inArray, is, isNotNull, isNull, lt, lte, ne, notExists, notInArray, or, SQL, sql, sum,
} from 'drizzle-orm'
export type { ExtractTablesWithRelations } from 'drizzle-orm'
export { drizzle } from 'drizzle-orm/node-postgres'
export type { NodePgDatabase, NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
export {
  alias, bigint, boolean, customType, date, doublePrecision, getTableConfig, integer, jsonb, numeric, PgDialect, pgTable, PgTable, primaryKey, text, timestamp, unique, uuid,
} from 'drizzle-orm/pg-core'
export type { AnyPgColumn, PgColumn, PgTransaction } from 'drizzle-orm/pg-core'
