import { globSync } from 'node:fs'
import { join } from 'node:path'
import { getTableConfig, is, type PgColumn, PgDialect, PgTable, SQL } from './platform/drizzle.ts'
import pg from 'pg'
import t from 'tap'
import { readMigrations, SCHEMA_RANGE } from './platform/migrations.ts'
import { createTestDatabase } from './testing/database.ts'

type Column = { type: string; nullable: boolean; default: string | null }
/** Tables of the platform, of the migrator and of test databases: nothing maps them. */
const UNMAPPED = ['idempotency_keys', 'outbox', 'replicas', 'rollup_changes', 'rollups', 'schema_migrations', 'test_clock', 'timetable']

t.test('every drizzle table is the table of the migrations, and every table has its drizzle', async (t) => {
  const found = await readDatabase(t)
  const mapped: string[] = []
  for (const file of globSync('modules/*/tables.ts', { cwd: import.meta.dirname }).toSorted()) {
    const exported = Object.values((await import(join(import.meta.dirname, file))) as Record<string, unknown>)
    for (const table of exported.filter((value) => is(value, PgTable))) {
      const { name, columns } = getTableConfig(table)
      mapped.push(name)
      const real = found.get(name)
      t.ok(real, `${file}: ${name} exists`)
      const declared = new Map(columns.map((column) => [column.name, describe(column)]))
      t.same([...declared.keys()].toSorted(), [...(real?.keys() ?? [])].toSorted(), `${name}: the columns`)
      for (const [column, { default: inDrizzle, ...expected }] of declared) {
        const { default: inDatabase, ...actual } = real?.get(column) ?? { type: 'none', nullable: false, default: null }
        t.same(actual, expected, `${name}.${column}: type and null`)
        t.equal(normal(inDatabase), inDrizzle, `${name}.${column}: default`)
      }
    }
  }
  t.same([...found.keys()].filter((name) => !mapped.includes(name)).toSorted(), UNMAPPED)
})

// Tables and columns are read and written by this code as soon as a migration brings them: started before it, the code would fail at each.
t.test('nothing that this code needs came after the oldest schema that it says it works on', async (t) => {
  const later = readMigrations().filter(({ version, sql }) => version > SCHEMA_RANGE.min && /\b(?:add column|create table)\b/i.test(sql))
  t.same(later.map(({ name }) => name), [], 'raise OLDEST_SCHEMA')
  t.ok(readMigrations().length >= SCHEMA_RANGE.min)
})

async function readDatabase(t: { after(work: () => Promise<void>): void }): Promise<Map<string, Map<string, Column>>> {
  const db = await createTestDatabase()
  const client = new pg.Client({ connectionString: db.ownerUrl })
  await client.connect()
  t.after(async () => {
    await client.end()
    await db.drop()
  })
  const { rows } = await client.query<Column & { table: string; column: string }>(`
    select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
      coalesce(pg_get_expr(d.adbin, d.adrelid), case when a.attidentity <> '' then 'identity' end) as default
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped`)
  return Map.groupBy(rows, (row) => row.table).entries().reduce((tables, [table, columns]) =>
    tables.set(table, new Map(columns.map(({ column, type, nullable, default: value }) => [column, { type, nullable, default: value }]))), new Map<string, Map<string, Column>>())
}

function describe(column: PgColumn): Column {
  return { type: column.getSQLType().replaceAll(', ', ','), nullable: !column.notNull, default: column.generatedIdentity ? 'identity' : column.default === undefined ? null : normal(literal(column)) }
}

function literal({ default: value, columnType }: PgColumn): string {
  if (is(value, SQL)) return new PgDialect().sqlToQuery(value).sql
  if (columnType === 'PgArray' && Array.isArray(value)) return `{${value.join(',')}}`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Postgres writes `'draft'::text` where drizzle says `draft`. */
function normal(text: string | null): string | null {
  return text === null ? null : text.replaceAll(/::[a-z ]+(\[\])?/g, '').replaceAll(/^'|'$/g, '').replace(/^\((.*)\)$/, '$1').toLowerCase()
}
