import { join } from 'node:path'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { digitsOf, label, readMigrations } from './platform/migration-files.ts'
import { findContractions, findUnrepeatable, squawk } from './testing/migration-lint.ts'
import { projectRoot } from './testing/servers/processes.ts'

/** Of migrations that can't be edited any more: how often a rule of squawk finds something in a file, and why it stays. */
const EXPLAINED: Record<string, Record<string, [times: number, reason: string]>> = {
  '0011_message_changes': {
    'ban-drop-not-null': [1, 'messages of the system have no sender: code of that version writes and reads them'],
    'constraint-missing-not-valid': [1, 'applied before there was anything in production: the scan was of an empty table'],
    'require-concurrent-index-creation': [1, 'a partial index over a column that the same migration adds: no row is in it'],
  },
  '0021_wallet_holds': {
    'ban-drop-table': [1, 'nothing used that table any more'],
    'constraint-missing-not-valid': [2, 'tables of a row for each act of staff: the scan is of a few pages'],
  },
  '0023_outgoing': { 'constraint-missing-not-valid': [2, 'tables of a row for each mitra or act of staff: the scan is of a few pages'] },
  '0032_erasure': { 'constraint-missing-not-valid': [1, 'suspended money is rare: the scan is of a few pages'] },
  '0034_cases_by_hand': {
    'ban-drop-not-null': [2, 'a case may be about nobody’s session: code of that version reads it so'],
    'constraint-missing-not-valid': [1, 'cases are few, so validating them in the same transaction is over at once'],
  },
  '0036_breaks_schedules': {
    'constraint-missing-not-valid': [1, 'a row for each mitra: the scan is of a few pages'],
    'require-concurrent-index-creation': [1, 'a partial index over a column that the same migration adds: no row is in it'],
  },
  '0043_rollups': { 'constraint-missing-not-valid': [1, 'applied before there was anything in production: the validation was of an empty table'] },
}

const migrations = readMigrations()
const pathOf = (migration: { version: number; name: string }) => `migrations/${label(migration)}.sql`

t.test('squawk finds nothing in the migrations that is not explained', async (t) => {
  const findings = [true, false].flatMap((inTransaction) => squawk(migrations.filter((migration) => migration.transactional === inTransaction).map(pathOf), { inTransaction }))
  const counts: Record<string, Record<string, number>> = {}
  for (const { file, rule_name: rule } of findings) {
    const name = /(\d{4}_\w+)\.sql$/.exec(file)?.[1] ?? file
    counts[name] = { ...counts[name], [rule]: (counts[name]?.[rule] ?? 0) + 1 }
  }
  const explained = Object.fromEntries(Object.entries(EXPLAINED).map(([name, rules]) => [name, Object.fromEntries(Object.entries(rules).map(([rule, [times]]) => [rule, times]))]))
  t.same(counts, explained, findings.map((finding) => `${finding.file}:${finding.line + 1} ${finding.rule_name}: ${finding.message}`).join('\n'))
})

t.test('squawk is really asked, by our rules', async (t) => {
  mkdirSync(join(projectRoot, '.data'), { recursive: true })
  const folder = mkdtempSync(join(projectRoot, '.data/squawk-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const rulesOf = (sql: string, inTransaction = true) => {
    writeFileSync(join(folder, '0001_bad.sql'), sql)
    return squawk([join(folder, '0001_bad.sql')], { inTransaction }).map((finding) => finding.rule_name)
  }
  t.same(rulesOf('alter table messages drop column body;'), ['ban-drop-column'])
  t.same(rulesOf('alter table users add column nick text not null;'), ['adding-required-field'])
  t.same(rulesOf('create index users_nick on users (nick);'), ['require-concurrent-index-creation'])
  t.same(rulesOf('select 1;\ncreate index concurrently users_nick on users (nick);'), ['ban-concurrent-index-creation-in-transaction'])
  t.same(rulesOf('create index concurrently users_nick on users (nick);', false), [])
  t.same(rulesOf('-- nothing reads it since 0040\n-- squawk-ignore ban-drop-column\nalter table messages drop column body;'), [])
  t.same(rulesOf('create table plain (id uuid primary key, tries integer not null);'), [])
})

t.test('what only expands takes nothing away from older code', async (t) => {
  for (const migration of migrations.filter(({ kind }) => kind === 'expand')) t.same(findContractions(migration.sql), [], pathOf(migration))
  const contracts: Record<string, RegExp> = {
    'drop table old': /drops something/,
    'drop function if exists f()': /drops something/,
    'alter table users drop column nick': /drops a part/,
    'alter table users drop constraint users_check, add constraint users_check check (true) not valid': /drops a part/,
    'alter table users rename column nick to name': /renames/,
    'alter table users rename to people': /renames/,
    'alter table users alter column nick set not null': /not null/,
    'alter table users alter column nick type varchar(10)': /type/,
    'alter table users alter nick set data type varchar(10)': /type/,
    'alter table users alter column nick drop default': /default/,
    'alter table users add constraint nick_short check (length(nick) < 9) not valid': /adds a constraint/,
    'alter table users add column nick text not null': /must be given/,
    'alter table users add column a int not null default 1, add column nick text not null': /must be given/,
    'alter table users add column nick text unique': /refuses values/,
    'alter table users add column age numeric(4, 1) check (age > 0)': /refuses values/,
    'create unique index concurrently users_nick on users (nick)': /unique index/,
    'drop index concurrently if exists users_nick': /drops an index/,
    'revoke select on users from somebody': /rights/,
    'delete from settings': /empties/,
    '-- only a comment\nDROP TABLE Old': /drops something/,
  }
  for (const [sql, fault] of Object.entries(contracts)) t.match(findContractions(sql), [fault], sql)
  const expands = [
    'alter table users add column nick text', `alter table users add column nick text not null default 'none'`, `alter table users add column n int default 0 not null`,
    'alter table users add column id2 bigint generated always as identity not null',
    'alter table users alter column nick drop not null', `comment on table users is 'drop table users'`,
    'create table new (id uuid primary key, of uuid not null references users (id)); alter table new add constraint short check (true); create unique index on new (of)',
    'drop index concurrently if exists i; create index concurrently i on users (nick)',
    'create or replace function f() returns void language plpgsql as $$ begin delete from x; drop table y; end $$',
  ]
  for (const sql of expands) t.same(findContractions(sql), [], sql)
})

t.test('what runs outside a transaction can be cut off anywhere and run again', async (t) => {
  for (const migration of migrations.filter(({ transactional }) => !transactional)) t.same(findUnrepeatable(migration.sql), [], pathOf(migration))
  t.match(findUnrepeatable('create index concurrently i on a (b)'), [/not dropped/])
  t.match(findUnrepeatable('drop index concurrently if exists other; create index concurrently i on a (b)'), [/not dropped/])
  t.match(findUnrepeatable('create table a (b int)'), [/if not exists/])
})

t.test('money is bigint, and every migration since 0047 says what it does to older code', async (t) => {
  for (const migration of migrations) t.notMatch(migration.sql, /\w_idr\s+(?:int|integer|int4|smallint)\b/, pathOf(migration))
  for (const migration of migrations.filter(({ version }) => version > 46)) t.ok(migration.kind, `${digitsOf(migration.version)} is ${migration.kind}`)
})
