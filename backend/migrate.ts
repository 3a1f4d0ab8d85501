// Applies the migrations: node backend/migrate.ts [up | status | dry-run] [--contract-now] [--dir <folder>]
// `up` leaves what contracts (and what follows it) for later while replicas live that are too old for it; --contract-now does not.
// Needs MIGRATION_DATABASE_URL (the schema's owner) and DATABASE_URL (the application's role); one of them will do.
import { parseArgs } from 'node:util'
import { migrateDryRun, migrateStatus, migrateUp, type MigrateOptions } from './platform/migrations.ts'

const COMMANDS: Record<string, (options: MigrateOptions) => Promise<void>> = { up: migrateUp, status: migrateStatus, 'dry-run': migrateDryRun }

function userOf(url: string | undefined): string | undefined {
  return url && URL.canParse(url) ? decodeURIComponent(new URL(url).username) || undefined : undefined
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { dir: { type: 'string' }, 'contract-now': { type: 'boolean' } } })
  const command = COMMANDS[positionals[0] ?? 'up']
  if (!command || positionals.length > 1) throw new Error('usage: node backend/migrate.ts [up | status | dry-run] [--contract-now] [--dir <folder>]')
  const appUrl = process.env['DATABASE_URL']
  const url = process.env['MIGRATION_DATABASE_URL'] ?? appUrl
  if (!url) throw new Error('MIGRATION_DATABASE_URL or DATABASE_URL must be set')
  await command({ url, appRole: userOf(appUrl), contractNow: values['contract-now'] ?? false, ...(values.dir === undefined ? {} : { dir: values.dir }), log: (line) => console.log(line) })
}

try {
  await main()
} catch (error) {
  const message = error instanceof AggregateError ? error.errors.map(String).join('; ') : error instanceof Error ? error.message : String(error)
  console.error(`migrate: ${message}`)
  process.exitCode = 1
}
