import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { columnsIn, columnsOf, isPersonal } from './modules/privacy/index.ts'
import { PRIVACY_MAP } from './privacy-map.ts'
import { createTestDatabase } from './testing/database.ts'

type Column = { name: string; type: string; references: string | null }
/** Test databases have it, and nobody else. */
const OF_TESTS = ['test_clock']
/** Types that may hold words, or anything. */
const WORDS = new Set(['text', 'text[]', 'jsonb', 'bytea', 'tsvector', 'json', 'character varying'])
/** What identity, bank data and secrets are called. What is sealed or hashed says so by its end. */
const DELICATE = /phone|email|birth|display_name|number|holder|last_digits|secret|token|password/
const SEALED = /_encrypted$|_hash$|^totp_secret$|_at$|^totp_|^queue_number$|^must_change_password$/

const schema = await readSchema()
const personal = Object.entries(PRIVACY_MAP).flatMap(([table, verdict]) => (isPersonal(verdict) ? [[table, verdict] as const] : []))

t.test('every table of the schema stands in the privacy map, and nothing else', async (t) => {
  t.same([...schema.keys()].filter((table) => !OF_TESTS.includes(table) && !(table in PRIVACY_MAP)), [], 'tables that nobody has judged: name them in privacy-map.ts')
  t.same(Object.keys(PRIVACY_MAP).filter((table) => !schema.has(table)), [], 'tables that do not exist')
})

t.test('every column of a table about persons goes out or is held back for a reason, once', async (t) => {
  for (const [table, { out, held }] of personal) {
    const named = [...columnsOf(out?.columns), ...Object.keys(out?.opened ?? {}), ...columnsIn(held)]
    t.same(named.toSorted(), columnNames(table).toSorted(), table)
  }
})

t.test('what erasure leaves of a table about persons is left for a reason', async (t) => {
  for (const [table, { erasure }] of personal) {
    if (erasure === 'delete') continue
    const judged = [...Object.keys(erasure.set ?? {}), ...columnsIn(erasure.by), ...columnsIn(erasure.keep)]
    t.equal(new Set(judged).size, judged.length, `${table}: a column has one verdict`)
    for (const file of Object.keys(erasure.by ?? {})) t.ok(existsSync(join(import.meta.dirname, file)), file)
    const words = schema.get(table)!.filter(({ type }) => WORDS.has(type)).map(({ name }) => name)
    t.same(words.filter((name) => !judged.includes(name)), [], `${table}: words without a verdict`)
    t.same(judged.filter((name) => !columnNames(table).includes(name)), [], `${table}: columns that do not exist`)
  }
})

t.test('a table that is said to be about nobody points at nobody', async (t) => {
  for (const [table, verdict] of Object.entries(PRIVACY_MAP)) {
    if (isPersonal(verdict)) continue
    const pointing = (schema.get(table) ?? []).filter(({ name, references }) => references === 'users' || references === 'mitras' || /^(user|customer|mitra|sender|person|subject|reporter)_(id|hash)$/.test(name))
    // The provider's reference of a payment or payout, never a person.
    t.same(pointing.map(({ name }) => name), table === 'reconciliation_differences' ? ['subject_id'] : [], table)
  }
})

t.test('identity, bank data and secrets are encrypted or hashed, or it is said why not', async (t) => {
  for (const [table, columns] of schema) {
    const verdict = PRIVACY_MAP[table]
    const clear = verdict === undefined || 'none' in verdict ? [] : columnsIn(verdict.clear)
    t.same(columns.filter(({ name, type }) => DELICATE.test(name) && !SEALED.test(name) && type !== 'uuid').map(({ name }) => name).toSorted(),
      clear.filter((name) => DELICATE.test(name)).toSorted(), table)
    for (const { name, type } of columns) if (SEALED.test(name) && /_encrypted$|_hash$|secret/.test(name)) t.ok(type === 'bytea' || name === 'password_hash', `${table}.${name} holds bytes`)
  }
})

t.test('keys are the tables’ own, and what rows are found by exists', async (t) => {
  const keys = await readKeys()
  const lists = personal.flatMap(([, { out }]) => (out ? [out.as] : []))
  t.equal(new Set(lists).size, lists.length, 'every list of the export has a name of its own')
  for (const [table, { key, since, rows }] of personal) {
    t.same(columnsOf(key ?? 'id'), keys.get(table), `${table}: the primary key`)
    const used = [since, ...('columns' in rows ? columnsOf(rows.columns) : 'of' in rows ? [rows.by] : Object.values(rows))]
    t.same(used.filter((name) => name !== undefined && !columnNames(table).includes(name)), [], table)
    if ('of' in rows) t.ok(PRIVACY_MAP[rows.of] && columnNames(rows.of).includes(rows.key ?? 'id'), `${table}: found by ${rows.of}`)
  }
})

function columnNames(table: string): string[] {
  return schema.get(table)?.map(({ name }) => name) ?? []
}

async function readSchema(): Promise<Map<string, Column[]>> {
  const rows = await query<Column & { table: string }>(`
    select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type, f.confrelid::regclass::text as references
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    left join pg_constraint f on f.conrelid = c.oid and f.contype = 'f' and f.conkey = array[a.attnum]
    where a.attnum > 0 and not a.attisdropped order by 1, a.attnum`)
  return Map.groupBy(rows, (row) => row.table)
}

async function readKeys(): Promise<Map<string, string[]>> {
  const rows = await query<{ table: string; columns: string[] }>(`
    select i.indrelid::regclass::text as table, array_agg(a.attname::text order by k.at) as columns
    from pg_index i cross join unnest(i.indkey::int[]) with ordinality k(column_number, at)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.column_number where i.indisprimary group by i.indrelid`)
  return new Map(rows.map(({ table, columns }) => [table, columns]))
}

async function query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const db = await createTestDatabase()
  const client = new pg.Client({ connectionString: db.ownerUrl })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
    await db.drop()
  }
}
