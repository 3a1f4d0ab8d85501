import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrateUp } from '../platform/migrations.ts'
import { addTestClock, APP_ROLE, OWNER_ROLE, TEMPLATE } from './template.ts'

export type TestClock = {
  /** Moves `app_now()` on (or back, when negative). */
  advance: (seconds: number) => Promise<void>
  /** Makes it be this instant now; time goes on from there. */
  set: (instant: Date) => Promise<void>
  /** From now on it stands, and goes only where the test moves it: for what turns on less than a slow machine takes. */
  stop: () => Promise<void>
  /** Back to real time. */
  reset: () => Promise<void>
  /** What `app_now()` says. */
  now: () => Promise<Date>
}

export type TestDatabase = {
  name: string
  /** For the application's role. */
  url: string
  /** For the owner of the schema: may do everything inside this database. */
  ownerUrl: string
  clock: TestClock
  /** Cuts every connection of the application's role, as a restart of Postgres does. */
  terminateBackends: () => Promise<void>
  /** Ends every connection and removes the database. */
  drop: () => Promise<void>
}

function clusterUrl(): string {
  const url = process.env['TEST_DATABASE_URL']
  if (!url) throw new Error('this test needs the database that the runner brings: npm test -- <file>')
  return url
}

function urlFor(user: string, database: string, cluster = clusterUrl()): string {
  const url = new URL(cluster)
  url.username = user
  url.pathname = `/${database}`
  return url.href
}

async function onCluster(statement: string, cluster = clusterUrl()): Promise<void> {
  const client = new pg.Client({ connectionString: cluster })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A database without anything in it, for what is about migrations themselves. */
export async function createEmptyDatabase(): Promise<Omit<TestDatabase, 'clock' | 'terminateBackends'>> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await onCluster(`create database ${name} owner ${OWNER_ROLE} strategy file_copy`)
  return { name, url: urlFor(APP_ROLE, name), ownerUrl: urlFor(OWNER_ROLE, name), drop: () => onCluster(`drop database ${name} with (force)`) }
}

/**
 * A database of its own, cloned from the migrated template (about 50 ms); safe with other files at the same time.
 * `cluster` is the superuser's URL of another server, prepared by `prepareTemplate`.
 */
export async function createTestDatabase(cluster = clusterUrl()): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  // Copying the files costs a checkpoint, which is cheap without fsync; writing everything to the WAL costs four times as much.
  await onCluster(`create database ${name} template ${TEMPLATE} owner ${OWNER_ROLE} strategy file_copy`, cluster)
  return openTestDatabase(name, cluster)
}

/** The same, with the migrations of `dir` alone: an older schema. */
export async function createDatabaseOf(dir: string): Promise<TestDatabase> {
  const empty = await createEmptyDatabase()
  await migrateUp({ url: empty.ownerUrl, appRole: APP_ROLE, dir, log: () => {} })
  await addTestClock(empty.ownerUrl)
  return openTestDatabase(empty.name, clusterUrl())
}

function openTestDatabase(name: string, cluster: string): TestDatabase {
  const ownerUrl = urlFor(OWNER_ROLE, name, cluster)
  const control = new pg.Pool({ connectionString: ownerUrl, max: 1, allowExitOnIdle: true })
  control.on('error', () => {})
  return {
    name,
    url: urlFor(APP_ROLE, name, cluster),
    ownerUrl,
    clock: {
      advance: async (seconds) => void (await control.query('update test_clock set shift = shift + make_interval(secs => $1), stands_at = stands_at + make_interval(secs => $1)', [seconds])),
      set: async (instant) => void (await control.query('update test_clock set shift = $1::timestamptz - statement_timestamp(), stands_at = case when stands_at is not null then $1::timestamptz end', [instant])),
      stop: async () => void (await control.query('update test_clock set stands_at = app_now()')),
      reset: async () => void (await control.query(`update test_clock set shift = interval '0', stands_at = null`)),
      now: async () => {
        const { rows } = await control.query<{ now: Date }>('select app_now() as now')
        return rows[0]?.now ?? new Date(Number.NaN)
      },
    },
    terminateBackends: () => onCluster(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and usename = '${APP_ROLE}'`, cluster),
    drop: async () => {
      await control.end()
      await onCluster(`drop database ${name} with (force)`, cluster)
    },
  }
}
