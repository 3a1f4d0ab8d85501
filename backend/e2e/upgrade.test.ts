import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { digitsOf, label, MIGRATIONS, readMigrations } from '../platform/migration-files.ts'
import { migrateUp, SCHEMA_RANGE } from '../platform/migrations.ts'
import { createDatabaseOf } from '../testing/database.ts'
import { liveThroughMainJob } from '../testing/main-job.ts'
import { projectRoot } from '../testing/servers/processes.ts'
import { APP_ROLE } from '../testing/template.ts'
import { eventually } from '../testing/wait.ts'

mkdirSync(join(projectRoot, '.data'), { recursive: true })
const folder = mkdtempSync(join(projectRoot, '.data/upgrade-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** A folder of our own migrations up to `version`, and of those that a later version of the product might bring. */
function migrationsOf(version: number, later: Record<string, string> = {}): string {
  const dir = mkdtempSync(join(folder, 'set-'))
  for (const migration of readMigrations().slice(0, version)) copyFileSync(join(MIGRATIONS, `${label(migration)}.sql`), join(dir, `${label(migration)}.sql`))
  for (const [name, sql] of Object.entries(later)) writeFileSync(join(dir, `${name}.sql`), sql)
  return dir
}

const NEXT = SCHEMA_RANGE.max + 1
const EXPAND = { [`${digitsOf(NEXT)}_expand`]: `-- expand
alter table users add column nick text;
alter table chat_sessions add column mood integer not null default 0;
alter table messages add column flags jsonb;
create table nicks (id uuid primary key, user_id uuid not null references users (id));` }
const CONTRACT = { ...EXPAND, [`${digitsOf(NEXT + 1)}_contract`]: `-- contract: needs code that knows ${digitsOf(NEXT)}
alter table chat_sessions alter column mood drop default;` }

t.test('the main job lives through migrations under its feet: from the oldest schema that this code knows to one that it does not', async (t) => {
  const db = await createDatabaseOf(migrationsOf(SCHEMA_RANGE.min))
  const said: string[] = []
  const migrate = (dir: string, contractNow = false) => migrateUp({ url: db.ownerUrl, appRole: APP_ROLE, dir, contractNow, log: (line) => void said.push(line) })
  const cluster = await liveThroughMainJob(t, async (living) => {
    const before = await living.query<{ version: number }>('select max(version) as version from schema_migrations')
    t.equal(before[0]!.version, SCHEMA_RANGE.min, 'both replicas serve on the oldest schema')
    await migrate(migrationsOf(SCHEMA_RANGE.max))
    await migrate(migrationsOf(SCHEMA_RANGE.max, EXPAND))
  }, { db })
  type Ready = { status: string; dependencies: { postgres: { status: string }; valkey: { status: string }; schema: { status: string; detail?: string } } }
  // Of a Postgres or a Valkey that has just stood still nothing can be learnt.
  const ready = () => eventually(async () => {
    const told = await Promise.all(cluster.replicas.map(async ({ url }) => (await fetch(`${url}/ready`)).json() as Promise<Ready>))
    return told.every(({ dependencies: { postgres, valkey } }) => postgres.status === 'up' && valkey.status === 'up') ? told : undefined
  }, 'both reach Postgres and Valkey')

  t.match(await ready(), [{ status: 'ready' }, { status: 'ready' }], 'the version before is ready on a schema that only expanded')
  await eventually(async () => (await cluster.query('select 1 from replicas where knows_schema = $1', [SCHEMA_RANGE.max])).length === 2, 'both say what they know, since there is a place for it')

  await migrate(migrationsOf(SCHEMA_RANGE.max, CONTRACT))
  t.match(said.at(-2), new RegExp(`_contract waits: it needs code that knows ${digitsOf(NEXT)}, and there are replicas that do not: .*knows ${SCHEMA_RANGE.max}\\), .*knows ${SCHEMA_RANGE.max}\\)`))
  t.match(await ready(), [{ status: 'ready' }, { status: 'ready' }], 'and nobody was hurt')

  await migrate(migrationsOf(SCHEMA_RANGE.max, CONTRACT), true)
  const detail = `the schema is at ${NEXT + 1} and needs code that knows ${NEXT}, this code knows only ${SCHEMA_RANGE.max}: deploy newer code`
  t.match(await ready(), [0, 1].map(() => ({ status: 'not_ready', dependencies: { schema: { status: 'out_of_range', detail } } })), 'what contracted is too new for them, and they say so')
})
