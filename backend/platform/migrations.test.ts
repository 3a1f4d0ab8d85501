import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { drizzle } from './drizzle.ts'
import pg from 'pg'
import t, { type Test } from 'tap'
import { createEmptyDatabase } from '../testing/database.ts'
import { APP_ROLE } from '../testing/template.ts'
import { checkSchema, migrateDryRun, migrateStatus, migrateUp, readMigrations, SCHEMA_RANGE } from './migrations.ts'
import { splitStatements } from './sql-statements.ts'

const ROOT = join(import.meta.dirname, '../..')
mkdirSync(join(ROOT, '.data'), { recursive: true })
const folder = mkdtempSync(join(ROOT, '.data/migrations-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

function files(contents: Record<string, string>): string {
  const dir = mkdtempSync(join(folder, 'set-'))
  for (const [name, sql] of Object.entries(contents)) writeFileSync(join(dir, `${name}.sql`), sql)
  return dir
}

async function world(t: Test, contents: Record<string, string>) {
  const database = await createEmptyDatabase()
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 3 })
  owner.on('error', () => {})
  t.after(async () => {
    await owner.end()
    await database.drop()
  })
  const lines: string[] = []
  const dir = files(contents)
  const options = { url: database.ownerUrl, appRole: APP_ROLE, dir, lockTimeoutMs: 200, log: (line: string) => void lines.push(line) }
  const write = (name: string, sql: string) => writeFileSync(join(dir, `${name}.sql`), sql)
  const ask = async (statement: string) => (await owner.query<Record<string, unknown>>(statement)).rows
  const versions = async () => (await ask('select version from schema_migrations order by version')).map((row) => row['version'])
  return { database, owner, options, lines, dir, write, ask, versions }
}

function cli(database: { url: string; ownerUrl: string }, ...args: string[]) {
  const child = spawn(process.execPath, ['backend/migrate.ts', ...args], { cwd: ROOT, env: { PATH: process.env['PATH'], DATABASE_URL: database.url, MIGRATION_DATABASE_URL: database.ownerUrl }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const done = once(child, 'close').then(([code]: unknown[]) => ({ code, output }))
  return { child, done }
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition did not come true within a minute')
    await sleep(20)
  }
}

t.test('migrations are applied in order, once, and listed', async (t) => {
  const { options, lines, ask } = await world(t, { '0001_one': 'create table one (id int)', '0002_two': 'alter table one add column two text' })
  await migrateUp(options)
  await migrateUp(options)
  t.strictSame(lines.splice(0), ['applied 0001_one', 'applied 0002_two', 'the schema is at 2', 'nothing to apply, the schema is at 2'])
  t.match(await ask('select version, name, checksum, duration_ms from schema_migrations order by version'), [{ version: 1, name: 'one', checksum: /^[0-9a-f]{64}$/, duration_ms: Number }, { version: 2, name: 'two' }])
  await migrateStatus(options)
  t.match(lines, [/^0001_one {2}\d{4}-.*Z {2}\d+ ms$/, /^0002_two {2}\d{4}-/])
})

t.test('a gap, a duplicate and a strange name are refused', async (t) => {
  t.throws(() => readMigrations(files({ '0001_a': '', '0003_c': '' })), { message: 'migrations/0003_c.sql: number 0002 was expected here' })
  t.throws(() => readMigrations(files({ '0001_a': '', '0001_b': '' })), { message: 'migrations/0001_b.sql: number 0002 was expected here' })
  t.throws(() => readMigrations(files({ '1_a': '' })), { message: 'migrations/1_a.sql: the name must be NNNN_what_it_does.sql' })
})

t.test('an edited migration and one that only the database knows are errors', async (t) => {
  const { options, write, ask, versions } = await world(t, { '0001_one': 'create table one (id int)' })
  await migrateUp(options)
  write('0001_one', 'create table one (id bigint)')
  write('0002_two', 'create table two (id int)')
  const edited = { name: 'MigrationError', message: /0001_one\.sql was edited after it was applied/ }
  await t.rejects(migrateUp(options), edited)
  await t.rejects(migrateDryRun(options), edited)
  await t.rejects(migrateStatus(options), edited)
  write('0001_one', 'create table one (id int)')
  await migrateUp(options)
  await ask(`insert into schema_migrations (version, name, checksum, duration_ms) values (3, 'later', '', 0)`)
  await t.rejects(migrateUp(options), { name: 'MigrationError', message: /migration 0003_later, which this code does not know/ })
  t.strictSame(await versions(), [1, 2, 3])
})

t.test('a migration that fails leaves nothing of itself and keeps those before it', async (t) => {
  const { options, write, ask, versions } = await world(t, { '0001_one': 'create table one (id int)', '0002_two': 'create table two (id int); select 1 / 0' })
  await t.rejects(migrateUp(options), { name: 'MigrationError', message: '0002_two failed: division by zero' })
  t.strictSame(await versions(), [1])
  t.strictSame(await ask(`select to_regclass('two') as two`), [{ two: null }])
  write('0002_two', 'create table two (id int)')
  await migrateUp(options)
  t.strictSame(await versions(), [1, 2])
})

t.test('a dry run names what is pending and changes nothing', async (t) => {
  const { options, lines, ask } = await world(t, { '0001_one': 'create table one (id int)', '0002_two': 'create table two (id int)', '0003_index': '-- no-transaction\ncreate index concurrently on one (id)' })
  await migrateDryRun(options)
  t.strictSame(lines, ['would apply 0001_one', 'would apply 0002_two', 'would apply 0003_index (not tried: it needs to run outside a transaction)'])
  t.strictSame(await ask(`select to_regclass('one') as one, to_regclass('schema_migrations') as record`), [{ one: null, record: null }])
})

t.test('an index can be built without a transaction', async (t) => {
  const sql = '-- no-transaction\ndrop index concurrently if exists one_id; -- of a build that was cut off\ncreate index concurrently one_id on one (id);'
  const { options, ask } = await world(t, { '0001_one': 'create table one (id int)', '0002_index': sql })
  await migrateUp(options)
  t.strictSame(await ask(`select indisvalid from pg_index where indexrelid = 'one_id'::regclass`), [{ indisvalid: true }])
})

t.test('a locked table is waited for in short tries', async (t) => {
  const { options, lines, owner, write, versions } = await world(t, { '0001_one': 'create table one (id int)' })
  await migrateUp(options)
  write('0002_two', 'alter table one add column two text')
  const reader = await owner.connect()
  await reader.query('begin; select * from one')
  const done = migrateUp(options)
  await eventually(async () => lines.some((line) => line.includes('trying again')))
  await reader.query('commit')
  reader.release()
  await done
  t.strictSame(await versions(), [1, 2])
})

t.test('the application gets rows, but not the schema, the record or the past', async (t) => {
  const { database, options, ask } = await world(t, { '0001_one': 'create table plain (id serial, value int); create table ledger_entries (id int); create table session_events (id int); create view seen as select * from plain; create function two() returns int language sql as $$ select 2 $$' })
  await migrateUp(options)
  const app = new pg.Client({ connectionString: database.url })
  await app.connect()
  t.after(() => app.end())
  await app.query('insert into plain (value) values (1); update plain set value = two(); delete from plain; insert into ledger_entries values (1); select * from ledger_entries, seen, schema_migrations')
  const refused = [
    'update ledger_entries set id = 2', 'delete from ledger_entries', 'truncate ledger_entries', 'delete from session_events', 'truncate plain',
    'drop table plain', 'alter table plain add column x int', 'create table mine (id int)', 'delete from schema_migrations', `insert into schema_migrations values (9, '', '', now(), 0)`, 'create role another',
  ]
  for (const statement of refused) await t.rejects(app.query(statement), { message: /permission denied|must be owner/ }, statement)
  await ask('revoke select on plain from public')
  await t.rejects(migrateUp({ ...options, appRole: 'nobody_there' }), { name: 'MigrationError', message: 'the role nobody_there of DATABASE_URL does not exist: create it first' })
})

t.test('the command: two at once both succeed, and the real migrations apply to an empty database', async (t) => {
  const { database, ask } = await world(t, {})
  const all = await Promise.all([cli(database).done, cli(database, 'up').done])
  t.strictSame(all.map(({ code }) => code), [0, 0], all.map(({ output }) => output).join('\n'))
  const count = readdirSync(join(ROOT, 'migrations')).length
  t.strictSame(await ask('select count(*)::int as count, max(version) as newest from schema_migrations'), [{ count, newest: count }])
  t.equal(count, SCHEMA_RANGE.max)
  t.ok(SCHEMA_RANGE.min >= 1 && SCHEMA_RANGE.min <= SCHEMA_RANGE.max)
  t.equal((await cli(database, 'sideways').done).code, 1)
})

t.test('the command: killed in the middle, it leaves neither a lock nor half a migration', async (t) => {
  const { database, dir, write, ask, versions } = await world(t, { '0001_one': 'create table one (id int)', '0002_two': 'create table two (id int); select pg_sleep(100)' })
  const { child, done } = cli(database, 'up', '--dir', dir)
  await eventually(async () => (await ask(`select 1 from pg_stat_activity where query like '%pg_sleep(100)%' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()`)).length > 0)
  child.kill('SIGKILL')
  await done
  write('0002_two', 'create table two (id int)')
  const again = await cli(database, 'up', '--dir', dir).done
  t.equal(again.code, 0, again.output)
  t.strictSame(await versions(), [1, 2])
})

t.test('the command: what is wrong is one line and exit code 1', async (t) => {
  const { database, dir, write } = await world(t, { '0001_one': 'create table one (id int)' })
  t.equal((await cli(database, 'up', '--dir', dir).done).code, 0)
  write('0001_one', 'create table one (id bigint)')
  t.match(await cli(database, 'up', '--dir', dir).done, { code: 1, output: /^migrate: migrations\/0001_one\.sql was edited after it was applied: .*\n$/ })
  t.match(await cli({ url: '', ownerUrl: '' }, 'up').done, { code: 1, output: 'migrate: MIGRATION_DATABASE_URL or DATABASE_URL must be set\n' })
  t.match(await cli({ url: '', ownerUrl: 'postgres://nobody@127.0.0.1:1/x' }, 'status').done, { code: 1, output: /^migrate: connect ECONNREFUSED .*\n$/ })
})

t.test('readiness knows an empty, a fitting, an old and a newer schema', async (t) => {
  const { database, options } = await world(t, { '0001_one': 'create table one (id int)', '0002_two': 'select 1' })
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  t.after(() => pool.end())
  const sql = drizzle({ client: pool })
  t.match(await checkSchema(sql, { min: 1, max: 2 }), { ok: false, found: 0, expected: { min: 1, max: 2 }, reason: 'the schema is at 0, this code needs at least 1: migrate' })
  await migrateUp(options)
  t.strictSame(await checkSchema(sql, { min: 1, max: 2 }), { ok: true, found: 2, expected: { min: 1, max: 2 } })
  t.match(await checkSchema(sql, { min: 3, max: 4 }), { ok: false, found: 2, reason: /needs at least 3/ })
  t.match(await checkSchema(sql, { min: 1, max: 1 }), { ok: false, found: 2, reason: /needs code that knows 2, this code knows only 1/ })
})

t.test('a migration says what it means for older code, and that is kept with the record of it', async (t) => {
  const { options, lines, ask } = await world(t, {
    '0001_one': 'create table one (id int)', '0002_two': '-- expand\n-- why\nalter table one add column two text', '0003_three': '-- no-transaction\n-- contract: needs code that knows 0002\nselect 1',
  })
  await migrateDryRun(options)
  t.strictSame(lines.splice(0), ['would apply 0001_one', 'would apply 0002_two (expand)', 'would apply 0003_three (contract, needs code that knows 0002; not tried: it needs to run outside a transaction)'])
  await migrateUp(options)
  t.strictSame(await ask('select version, needs from schema_migrations order by version'), [{ version: 1, needs: 1 }, { version: 2, needs: 0 }, { version: 3, needs: 2 }])
  lines.length = 0
  await migrateStatus(options)
  t.match(lines, [/ ms$/, / {2}expand$/, / {2}contract, needs code that knows 0002$/])
  const bad = (sql: string) => () => readMigrations(files({ ...Object.fromEntries(Array.from({ length: 46 }, (_, index) => [`${String(index + 1).padStart(4, '0')}_x`, ''])), '0047_new': sql }))
  for (const sql of ['create table x ()', '\n-- expand', '-- expand\n-- contract: needs code that knows 0046\n', '-- contract: needs code', '-- expands']) t.throws(bad(sql), { name: 'MigrationError', message: /0047_new\.sql: the comment at its top must say/ }, sql)
  t.throws(bad('-- contract: needs code that knows 0048'), { message: /no code knows 0048 before it knows this one/ })
})

t.test('code that is older than the schema is ready where what it does not know only expands', async (t) => {
  const { database, options, write, ask } = await world(t, { '0001_one': 'create table one (id int)', '0002_two': '-- expand\nalter table one add column two text' })
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  t.after(() => pool.end())
  const sql = drizzle({ client: pool })
  await migrateUp(options)
  t.match(await checkSchema(sql, { min: 1, max: 1 }), { ok: true, found: 2 })
  write('0003_three', '-- contract: needs code that knows 0002\nalter table one drop column id')
  await migrateUp(options)
  t.match(await checkSchema(sql, { min: 1, max: 2 }), { ok: true, found: 3 })
  t.match(await checkSchema(sql, { min: 1, max: 1 }), { ok: false, found: 3, reason: 'the schema is at 3 and needs code that knows 2, this code knows only 1: deploy newer code' })
  // What an older migrator has recorded.
  await ask('alter table schema_migrations drop column needs')
  t.match(await checkSchema(sql, { min: 1, max: 2 }), { ok: false, reason: /needs code that knows 3/ })
  t.match(await checkSchema(sql, { min: 1, max: 3 }), { ok: true })
  write('0004_four', '-- expand\nselect 1')
  await migrateUp(options)
  t.strictSame(await ask('select version, needs from schema_migrations order by version'), [{ version: 1, needs: null }, { version: 2, needs: null }, { version: 3, needs: null }, { version: 4, needs: 0 }])
  t.match(await checkSchema(sql, { min: 1, max: 3 }), { ok: true, found: 4 })
})

t.test('what contracts waits for replicas that are too old, with what comes after it', async (t) => {
  const replicas = `create function app_now() returns timestamptz language sql as 'select now()'; create table replicas (host text, version text, started_at timestamptz default now(), seen_at timestamptz)`
  const { options, lines, ask, versions, write } = await world(t, { '0001_one': replicas, '0002_two': '-- expand\nalter table replicas add column knows_schema int' })
  await migrateUp(options)
  await ask(`insert into replicas (host, version, seen_at, knows_schema) values ('old', 'v1', now() + interval '1 hour', 47), ('new', 'v2', now() + interval '1 hour', 49), ('dead', 'v0', now() - interval '1 minute', 1), ('silent', 'v0', now() + interval '1 hour', null)`)
  write('0003_three', '-- contract: needs code that knows 0003\nselect 1')
  for (let version = 4; version <= 48; version++) write(`${String(version).padStart(4, '0')}_x`, '-- expand\nselect 1')
  write('0049_contract', '-- contract: needs code that knows 0048\nselect 1')
  write('0050_later', '-- expand\nselect 1')
  lines.length = 0
  await migrateUp(options)
  t.equal((await versions()).at(-1), 48, 'all that every living replica can work on')
  t.match(lines.slice(-2), ['0049_contract waits: it needs code that knows 0048, and there are replicas that do not: old (v1, knows 47), silent (v0, knows no newer schema than 46). Replace them, then run this again', 'the schema is at 48'])
  await t.rejects(migrateUp({ ...options, needs: 49 }), { name: 'MigrationError', message: 'this code needs the schema at 49: stop those replicas first, or use --contract-now' })
  await ask(`delete from replicas where host = 'old'; update replicas set knows_schema = 48 where host = 'silent'`)
  await migrateUp(options)
  t.equal((await versions()).at(-1), 50)
  await ask(`update replicas set knows_schema = 1`)
  write('0051_contract', '-- contract: needs code that knows 0050\nselect 1')
  await migrateUp(options)
  t.equal((await versions()).at(-1), 50)
  await migrateUp({ ...options, contractNow: true })
  t.equal((await versions()).at(-1), 51)
})

t.test('the command: killed while it builds an index, it builds it whole the next time', async (t) => {
  const { database, dir, owner, ask, options } = await world(t, { '0001_one': 'create table if not exists one (id int)', '0002_index': '-- no-transaction\ndrop index concurrently if exists one_id;\ncreate index concurrently one_id on one (id);' })
  const writer = await owner.connect()
  await ask('create table one (id int)')
  // The build waits for this transaction.
  await writer.query('begin; insert into one values (1)')
  const { child, done } = cli(database, 'up', '--dir', dir)
  await eventually(async () => (await ask(`select 1 from pg_index where indexrelid = to_regclass('one_id') and not indisvalid`)).length > 0)
  child.kill('SIGKILL')
  await done
  await writer.query('commit')
  writer.release()
  await migrateUp({ ...options, lockTimeoutMs: 5000 })
  t.strictSame(await ask(`select indisvalid from pg_index where indexrelid = 'one_id'::regclass`), [{ indisvalid: true }])
})

t.test('statements are split where they end, and nowhere else', async (t) => {
  t.strictSame(splitStatements(`select 1; select ';' as ";"; -- a ; here\n/* and ; here */ do $x$ begin; end; $x$;\n;select E'\\';', $$;$$`), [
    'select 1',
    `select ';' as ";"`,
    '-- a ; here\n/* and ; here */ do $x$ begin; end; $x$',
    `select E'\\';', $$;$$`,
  ])
})
