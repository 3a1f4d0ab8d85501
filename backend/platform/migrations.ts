import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Queryable } from './database.ts'
import { digitsOf, label, meaningOf, MigrationError, MIGRATIONS, newestIn, readMigrations, type Migration } from './migration-files.ts'
import { splitStatements } from './sql-statements.ts'

export { MigrationError, MIGRATIONS, readMigrations } from './migration-files.ts'

/** What the application may only add to and read: a row there is never changed or removed. */
export const APPEND_ONLY_TABLES = ['ledger_transactions', 'ledger_entries', 'audit_log', 'session_events', 'daily_closings'] as const

/** The oldest schema that this code can work on: raise it with the first code that needs a newer migration. */
const OLDEST_SCHEMA = 70

const LOCK_KEY = 7_412_025_110
// Whoever writes to a table waits behind the migration that waits for it: short tries, and many.
const LOCK_TIMEOUT_MS = 700
const LOCK_ATTEMPTS = 40
const LOCK_PAUSE_MS = 2000
const LOCK_NOT_AVAILABLE = '55P03'
const UNDEFINED_TABLE = '42P01'
/** Who has said within this time that it lives may still be there. */
const ALIVE_SECONDS = 30

export type MigrateOptions = {
  /** The connection of the schema's owner. */
  url: string
  /** The role that the application signs in as; undefined when it is the owner itself. */
  appRole?: string | undefined
  dir?: string
  /** How long a migration may wait for a table's lock before it is tried again. */
  lockTimeoutMs?: number
  /** Applies what contracts although replicas are alive that can't work on it: they are not ready from then on. */
  contractNow?: boolean
  /** The schema that this code needs; where what contracts keeps the database below it, that is an error. */
  needs?: number
  log: (line: string) => void
}

// Not database.ts's: a one-off command that loads drizzle for this takes four times as long to start.
function sqlState(error: unknown): string | undefined {
  const raised = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return raised instanceof pg.DatabaseError ? raised.code : undefined
}

/** The schema versions that this code works on by itself, both ends included; a newer one says whether it works on that. */
export const SCHEMA_RANGE = { min: OLDEST_SCHEMA, max: newestIn(MIGRATIONS) } as const

export type SchemaCheck = { ok: boolean; found: number; expected: { min: number; max: number }; reason?: string }

/**
 * Says whether the database's schema is one that this code works on; `found` is 0 on a database without migrations. A
 * schema that is newer than this code is one where every migration that this code does not know only expands, or says
 * that code as old as this is new enough.
 */
export async function checkSchema(sql: Queryable, expected: { min: number; max: number } = SCHEMA_RANGE): Promise<SchemaCheck> {
  let found = 0
  let needs = 0
  try {
    // By way of JSON: a record that an older migrator made has no such column.
    const { rows } = await sql.execute<{ version: number | null; needs: number | null }>(
      `select max(version) as version, max(coalesce((to_jsonb(applied) ->> 'needs')::int, version)) as needs from schema_migrations applied`)
    found = rows[0]?.version ?? 0
    needs = rows[0]?.needs ?? 0
  } catch (error) {
    if (sqlState(error) !== UNDEFINED_TABLE) throw error
  }
  if (found < expected.min) return { ok: false, found, expected, reason: `the schema is at ${found}, this code needs at least ${expected.min}: migrate` }
  if (needs > expected.max) return { ok: false, found, expected, reason: `the schema is at ${found} and needs code that knows ${needs}, this code knows only ${expected.max}: deploy newer code` }
  return { ok: true, found, expected }
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'halobestie-migrate', keepAlive: true, connectionTimeoutMillis: 10_000 })
  // Whatever runs at that moment is rejected as well: here it would only be reported a second time.
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** One migrator at a time: the lock belongs to the session, so it goes with the process. */
async function locked<T>(options: MigrateOptions, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return connected(options.url, async (client) => {
    // Without the check a killed migrator would keep the lock until its statement ends by itself.
    await client.query(`set statement_timeout = 0; set client_connection_check_interval = '1s'`)
    for (;;) {
      // Asking again instead of waiting in Postgres: a waiting statement would block `create index concurrently`.
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [LOCK_KEY])
      if (rows[0]?.got) break
      await sleep(200)
    }
    await client.query(`set lock_timeout = ${options.lockTimeoutMs ?? LOCK_TIMEOUT_MS}`)
    return work(client)
  })
}

type Applied = { version: number; name: string; checksum: string; appliedAt: Date; durationMs: number }

async function readApplied(client: pg.Client): Promise<Applied[]> {
  try {
    const { rows } = await client.query<Applied>('select version, name, checksum, applied_at as "appliedAt", duration_ms as "durationMs" from schema_migrations order by version')
    return rows
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return []
    throw error
  }
}

/** The newest migration that was applied; null on a database without. */
export async function findSchemaVersion(client: pg.Client): Promise<number | null> {
  return (await readApplied(client)).at(-1)?.version ?? null
}

/** Compares what was applied with the files, and returns the files that are still to be applied. */
function pendingOf(migrations: readonly Migration[], applied: readonly Applied[]): Migration[] {
  for (const row of applied) {
    const file = migrations[row.version - 1]
    if (!file) throw new MigrationError(`the database has migration ${label(row)}, which this code does not know: use newer code`)
    if (file.checksum !== row.checksum) throw new MigrationError(`migrations/${label(row)}.sql was edited after it was applied: restore it and write a new migration instead`)
  }
  const known = new Set(applied.map((row) => row.version))
  return migrations.filter((migration) => !known.has(migration.version))
}

async function inTransaction(client: pg.Client, end: 'commit' | 'rollback', work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query(end)
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function record(client: pg.Client, migration: Migration, startedMs: number): Promise<void> {
  const durationMs = Math.round(performance.now() - startedMs)
  await client.query('insert into schema_migrations (version, name, checksum, duration_ms, needs) values ($1, $2, $3, $4, $5)', [migration.version, migration.name, migration.checksum, durationMs, migration.needs])
}

async function applyOnce(client: pg.Client, migration: Migration): Promise<void> {
  const startedMs = performance.now()
  if (migration.transactional) {
    await inTransaction(client, 'commit', async () => {
      await client.query(migration.sql)
      await record(client, migration, startedMs)
    })
    return
  }
  // One by one: several statements in one query would be one transaction after all.
  for (const statement of splitStatements(migration.sql)) await client.query(statement)
  await record(client, migration, startedMs)
}

async function apply(client: pg.Client, migration: Migration, log: (line: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await applyOnce(client, migration)
      log(`applied ${label(migration)}`)
      return
    } catch (error) {
      const busy = sqlState(error) === LOCK_NOT_AVAILABLE
      if (!busy || attempt >= LOCK_ATTEMPTS) throw new MigrationError(`${label(migration)} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      log(`${label(migration)}: a table is locked by somebody else, trying again`)
      await sleep(Math.min(LOCK_PAUSE_MS, 250 * attempt))
    }
  }
}

/** Throws where the application's role is missing; false when it is the owner, who needs no rights. */
async function needsRights(client: pg.Client, role: string | undefined): Promise<boolean> {
  if (role === undefined) return false
  const { rows } = await client.query<{ owner: boolean }>('select rolname = current_user as owner from pg_roles where rolname = $1', [role])
  if (!rows[0]) throw new MigrationError(`the role ${role} of DATABASE_URL does not exist: create it first`)
  return !rows[0].owner
}

/** Gives the application's role exactly what it needs on what exists now. */
async function grantTo(client: pg.Client, role: string): Promise<void> {
  const to = client.escapeIdentifier(role)
  const tables = await client.query<{ name: string }>(`select quote_ident(relname) as name from pg_class where relnamespace = 'public'::regnamespace and relname = any($1)`, [[...APPEND_ONLY_TABLES]])
  const appendOnly = tables.rows.map((row) => row.name)
  await inTransaction(client, 'commit', async () => {
    await client.query(`
      grant usage on schema public to ${to};
      grant select, insert, update, delete on all tables in schema public to ${to};
      grant usage, select on all sequences in schema public to ${to};
      grant execute on all functions in schema public to ${to};
      revoke insert, update, delete on schema_migrations from ${to};
      ${appendOnly.length > 0 ? `revoke update, delete, truncate on ${appendOnly.join(', ')} from ${to};` : ''}`)
  })
}

/** The replicas that live and are too old for what `needs` that much; undefined knowledge is of code before replicas told it. */
async function findTooOld(client: pg.Client, needs: number): Promise<string[]> {
  const { rows: [table] } = await client.query<{ there: boolean }>(`select to_regclass('replicas') is not null as there`)
  if (!table?.there) return []
  const { rows } = await client.query<{ replica: string }>(`
    select format('%s (%s, knows %s)', host, version, coalesce(to_jsonb(replica) ->> 'knows_schema', 'no newer schema than 46')) as replica
    from replicas replica
    where seen_at > app_now() - make_interval(secs => $1) and coalesce((to_jsonb(replica) ->> 'knows_schema')::int, 46) < $2
    order by started_at`, [ALIVE_SECONDS, needs])
  return rows.map((row) => row.replica)
}

/** Says why a migration has to wait, or undefined. */
async function mustWait(client: pg.Client, migration: Migration): Promise<string | undefined> {
  if (migration.kind !== 'contract') return undefined
  const tooOld = await findTooOld(client, migration.needs)
  return tooOld.length === 0 ? undefined : `${label(migration)} waits: it needs code that knows ${digitsOf(migration.needs)}, and there are replicas that do not: ${tooOld.join(', ')}. Replace them, then run this again`
}

/**
 * Applies what is pending, then grants the application's role its rights. Two at once: the second finds nothing to do.
 * What contracts waits, with all that comes after it, until no replica lives that is too old for it.
 */
export async function migrateUp(options: MigrateOptions): Promise<void> {
  const migrations = readMigrations(options.dir)
  await locked(options, async (client) => {
    const pending = pendingOf(migrations, await readApplied(client))
    const grants = await needsRights(client, options.appRole)
    // The record is the migrator's own, so it grows here: code that reads only the versions never notices.
    await client.query(`
      create table if not exists schema_migrations (
        version int primary key, name text not null, checksum text not null,
        applied_at timestamptz not null default clock_timestamp(), duration_ms int not null);
      alter table schema_migrations add column if not exists needs int`)
    let at = migrations.length - pending.length
    let waits: string | undefined
    for (const migration of pending) {
      waits = options.contractNow ? undefined : await mustWait(client, migration)
      if (waits !== undefined) break
      await apply(client, migration, options.log)
      at = migration.version
    }
    if (options.appRole !== undefined && grants) await grantTo(client, options.appRole)
    if (waits !== undefined) options.log(waits)
    options.log(pending.length === 0 ? `nothing to apply, the schema is at ${at}` : `the schema is at ${at}`)
    const needed = options.needs ?? (options.dir === undefined ? SCHEMA_RANGE.min : 0)
    if (waits !== undefined && at < needed) throw new MigrationError(`this code needs the schema at ${needed}: stop those replicas first, or use --contract-now`)
  })
}

/** Applies what is pending in one transaction and rolls it back. */
export async function migrateDryRun(options: MigrateOptions): Promise<void> {
  const migrations = readMigrations(options.dir)
  await locked(options, async (client) => {
    const pending = pendingOf(migrations, await readApplied(client))
    await inTransaction(client, 'rollback', async () => {
      for (const migration of pending) {
        if (migration.transactional) {
          await client.query(migration.sql).catch((error: unknown) => {
            throw new MigrationError(`${label(migration)} would fail: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
          })
        }
        const notes = [meaningOf(migration), migration.transactional ? '' : 'not tried: it needs to run outside a transaction'].filter((note) => note !== '')
        const waits = await mustWait(client, migration)
        options.log(`would apply ${label(migration)}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`)
        if (waits !== undefined) options.log(waits)
      }
    })
    if (pending.length === 0) options.log(`nothing to apply, the schema is at ${migrations.length}`)
  })
}

/** Prints every migration with when it was applied, or `pending`, and what it means for older code; throws where record and files disagree. */
export async function migrateStatus(options: MigrateOptions): Promise<void> {
  const migrations = readMigrations(options.dir)
  const applied = await connected(options.url, readApplied)
  const rows = new Map(applied.map((row) => [row.version, row]))
  for (const migration of migrations) {
    const row = rows.get(migration.version)
    const meaning = meaningOf(migration)
    options.log(`${label(migration)}  ${row ? `${row.appliedAt.toISOString()}  ${row.durationMs} ms` : 'pending'}${meaning && `  ${meaning}`}`)
  }
  pendingOf(migrations, applied)
}
