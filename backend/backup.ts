// Backup and restore: see docker/backup.sh and docker/restore.sh, which say what each command and variable is for.
import { readFileSync, writeFileSync, renameSync, mkdirSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { claimStore, findBackups, findNewest, metricsOf, prune, takeBackup, verify, type Place } from './backup/backups.ts'
import { readKeys } from './backup/envelope.ts'
import { findBackup, onDatabase, restoreBase, restoreDump } from './backup/restore.ts'
import { isDue, momentOf, type BackupKind } from './backup/retention.ts'
import { openStore } from './backup/store.ts'
import { fetchWal, streamWal, type WalOptions } from './backup/wal.ts'
import { findSchemaVersion } from './platform/migrations.ts'

const BUSY = 75
/** Above 125 Postgres gives up recovery instead of taking it for the end of the log. */
const WAL_UNREACHABLE = 200
const LOCKS: Record<string, number> = { dump: 7_412_025_201, base: 7_412_025_202, wal: 7_412_025_203 }
const DUMP_EVERY_HOURS = 6
const BASE_EVERY_HOURS = 24
const LOOK_EVERY_MS = 20_000
const RETRY_MS = 60_000
/** As often as Prometheus looks. */
const TOLD_EVERY_MS = 15_000

class Busy extends Error {}

const variable = (name: string) => process.env[name] || undefined
function needed(name: string): string {
  const value = variable(name)
  if (value === undefined) throw new Error(`${name} must be set`)
  return value
}
/** The value of a variable, or what stands in the file that the variable with _FILE names. */
const secret = (name: string) => variable(name) ?? (variable(`${name}_FILE`) === undefined ? undefined : readFileSync(needed(`${name}_FILE`), 'utf8').trim())
function databaseUrl(): string {
  const url = secret('BACKUP_DATABASE_URL')
  if (url === undefined) throw new Error('BACKUP_DATABASE_URL (or BACKUP_DATABASE_URL_FILE) must be set')
  return url
}

const log = (event: Record<string, unknown>) => console.log(JSON.stringify({ timestamp: new Date().toISOString(), level: 'info', service: 'halobestie-backup', ...event }))

function openPlace(): Place {
  const endpoint = variable('BACKUP_S3_ENDPOINT')
  const s3 = endpoint === undefined ? undefined : { endpoint, region: variable('BACKUP_S3_REGION') ?? 'us-east-1', accessKeyId: needed('AWS_ACCESS_KEY_ID'), secretAccessKey: needed('AWS_SECRET_ACCESS_KEY'), sessionToken: variable('AWS_SESSION_TOKEN') }
  const place = needed('BACKUP_STORE')
  const keyFile = variable('BACKUP_KEY_FILE')
  if (keyFile === undefined && variable('BACKUP_PLAIN') !== 'true') throw new Error('BACKUP_KEY_FILE must name a file with a key (openssl rand -base64 32), or BACKUP_PLAIN=true say that nothing is to be encrypted')
  if (!place.startsWith('s3://')) mkdirSync(place, { recursive: true, mode: 0o700 })
  return { store: openStore(place, s3), keys: keyFile === undefined ? [] : readKeys(readFileSync(keyFile, 'utf8')), log }
}

async function currentSegment(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ segment: string }>('select pg_walfile_name(pg_current_wal_lsn()) as segment')
  return rows[0]!.segment
}

async function systemId(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select system_identifier::text as id from pg_control_system()')
  return rows[0]!.id
}

/** One of a kind at a time, on whatever machine: the lock is the database's. */
async function exclusively(kind: string, work: (beginning: { schema: number | null; walFrom: string }, client: pg.Client) => Promise<void>): Promise<void> {
  await onDatabase(databaseUrl(), async (client) => {
    const { rows: [lock] } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [LOCKS[kind]])
    if (!lock!.got) throw new Busy(`another ${kind} is running`)
    await work({ schema: await findSchemaVersion(client), walFrom: await currentSegment(client) }, client)
  })
}

async function take(place: Place, kind: BackupKind): Promise<void> {
  await exclusively(kind, async (beginning, client) => {
    if (kind === 'base') await claimStore(place, await systemId(client))
    await takeBackup(place, kind, databaseUrl(), beginning)
  })
  await tellMetrics(place)
}

let walShippedAt: Date | undefined
async function tellMetrics(place: Place): Promise<void> {
  const folder = variable('BACKUP_METRICS_DIR')
  if (folder === undefined) return
  const newest = await Promise.all((['dump', 'base'] as const).map((kind) => findNewest(place, kind)))
  const file = join(folder, 'halobestie_backup.prom')
  writeFileSync(`${file}.${process.pid}`, metricsOf(newest, walShippedAt))
  renameSync(`${file}.${process.pid}`, file)
}

async function wal(place: Place, stopping: AbortSignal): Promise<void> {
  await exclusively('wal', async (beginning, client) => {
    await claimStore(place, await systemId(client))
    await streamWal(place, walOptions(place, stopping, beginning.walFrom.slice(0, 8)))
  })
}

function walOptions(place: Place, stopping: AbortSignal, timeline: string): WalOptions {
  return {
    timeline, url: databaseUrl(), spool: needed('BACKUP_SPOOL'), partialSeconds: Number(variable('BACKUP_PARTIAL_SECONDS') ?? 60), stopping,
    async onShipped(at) {
      const beatOf = (moment: Date) => Math.floor(moment.getTime() / TOLD_EVERY_MS)
      if (walShippedAt && beatOf(walShippedAt) === beatOf(at)) return
      walShippedAt = at
      await tellMetrics(place)
    },
  }
}

/** Everything by itself: the log all the time, dumps every six hours, a base backup every day and on each new timeline, then what can go goes. */
async function schedule(place: Place, stopping: AbortSignal): Promise<void> {
  const again = async (what: string, work: () => Promise<void>, pauseMs: number) => {
    while (!stopping.aborted) {
      await work().catch((error: unknown) => log({ event: 'backup_failed', level: 'error', what, problem: error instanceof Error ? error.message : String(error) }))
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => {}) // stopped: the loop sees it
    }
  }
  const due = async () => {
    let taken = false
    const timeline = (await onDatabase(databaseUrl(), currentSegment)).slice(0, 8)
    for (const [kind, hours] of [['base', BASE_EVERY_HOURS], ['dump', DUMP_EVERY_HOURS]] as const) {
      const last = await findNewest(place, kind)
      if (!isDue(last?.name, hours, new Date()) && last?.walFrom.startsWith(timeline)) continue
      await take(place, kind)
      taken = true
    }
    if (taken) await prune(place, new Date())
  }
  await Promise.all([again('wal', () => wal(place, stopping), RETRY_MS / 6), again('backups', due, LOOK_EVERY_MS)])
}

/** A command of ours, with what it prints. */
async function ours(script: string, env: Record<string, string>, stdin?: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script.split(' ')[0]!), ...script.split(' ').slice(1)], { env: { ...process.env, ...env }, stdio: ['pipe', 'inherit', 'inherit'] })
  child.stdin.end(stdin ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
}

/** What a restored database needs before anybody may use it: rights and a schema of this code, those who were erased since, books that are right. */
async function afterwards(ownerUrl: string, appUrl: string, erased: string | undefined, since: string): Promise<void> {
  const env = { MIGRATION_DATABASE_URL: ownerUrl, DATABASE_URL: appUrl }
  await ours('migrate.ts up', env)
  if (erased === undefined) log({ event: 'erase_again_needed', level: 'warn', since, advice: 'whoever was erased since is back: hand their ids to node backend/erase-again.ts (or --erased <file> here) before the service starts' })
  else await ours('erase-again.ts', env, readFileSync(erased, 'utf8'))
  await ours('ledger-check.ts', env)
}

type Flags = { until?: string; overwrite?: boolean; erased?: string; data?: string; database?: string; user?: string }

async function restore(place: Place, kind: BackupKind, name: string, flags: Flags): Promise<void> {
  const startedMs = performance.now()
  const until = flags.until === undefined ? undefined : new Date(flags.until)
  if (until && Number.isNaN(until.getTime())) throw new Error(`--until is no moment: ${flags.until}`)
  const manifest = await findBackup(place, kind, name, until)
  const facts = { kind, name: manifest.name, schema: manifest.schema, sizeBytes: manifest.sizeBytes }
  const seconds = () => Math.round(performance.now() - startedMs) / 1000
  if (kind === 'dump') {
    const url = secret('RESTORE_DATABASE_URL')
    if (url === undefined) throw new Error('RESTORE_DATABASE_URL (or RESTORE_DATABASE_URL_FILE) must be set: the owner of an empty database')
    await restoreDump(place, manifest, url, { overwrite: flags.overwrite ?? false })
    await afterwards(url, secret('RESTORE_APP_DATABASE_URL') ?? url, flags.erased, manifest.startedAt)
    log({ event: 'restored', ...facts, upTo: manifest.startedAt, tookSeconds: seconds() })
    return
  }
  if (flags.data === undefined) throw new Error('--data must name the folder of the new cluster')
  const walCommand = `${process.execPath} ${join(import.meta.dirname, 'backup.ts')} wal-get %f %p`
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => /^(BACKUP_|AWS_|NODE_)/.test(entry[0]) && entry[1] !== undefined))
  const recovered = await restoreBase(place, manifest, flags.data, { until, walCommand, user: flags.user, env })
  try {
    const url = recovered.url(flags.database ?? 'halobestie')
    // The roles came with the cluster: their rights stand, and the pages are those of that moment.
    await afterwards(url, url, flags.erased, (until ?? recovered.lastCommitAt)?.toISOString() ?? manifest.endedAt)
    log({ event: 'restored', ...facts, upTo: recovered.lastCommitAt?.toISOString() ?? manifest.endedAt, until: until?.toISOString(), tookSeconds: seconds() })
  } finally {
    await recovered.stop()
  }
}

async function main(): Promise<void> {
  const { positionals: [command, first, second], values } = parseArgs({
    allowPositionals: true,
    options: { until: { type: 'string' }, overwrite: { type: 'boolean' }, erased: { type: 'string' }, data: { type: 'string' }, database: { type: 'string' }, user: { type: 'string' } },
  })
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())
  const place = openPlace()
  switch (command) {
    case 'dump': case 'base': return take(place, command)
    case 'wal': return wal(place, stopping.signal)
    case 'prune': return prune(place, new Date())
    case 'schedule': return schedule(place, stopping.signal)
    case 'list':
      for (const kind of ['dump', 'base'] as const) for (const one of await findBackups(place, kind)) console.log(`${one.kind}  ${one.name}  ${one.endedAt}  schema ${one.schema ?? '-'}  ${one.sizeBytes} bytes  ${one.sealedWith === null ? 'plain' : `key ${one.sealedWith}`}`)
      return
    case 'verify': {
      const manifest = await findBackup(place, first === 'base' ? 'base' : 'dump', second ?? 'latest')
      await verify(place, manifest)
      return log({ event: 'backup_verified', kind: manifest.kind, name: manifest.name, ageSeconds: Math.round((Date.now() - momentOf(manifest.name)) / 1000) })
    }
    case 'restore-dump': return restore(place, 'dump', first ?? 'latest', values)
    case 'restore-base': return restore(place, 'base', first ?? 'latest', values)
    case 'wal-get':
      if (!first || !second) throw new Error('wal-get needs the name of a file and where it goes')
      process.exitCode = (await fetchWal(place, first, second)) ? 0 : 1
      return
    default: throw new Error('usage: docker/backup.sh dump | base | wal | schedule | prune | list | verify [dump|base] [<name>]; docker/restore.sh says its own')
  }
}

try {
  await main()
} catch (error) {
  const problem = error instanceof AggregateError ? error.errors.map(String).join('; ') : error instanceof Error ? error.message : String(error)
  console.error(JSON.stringify({ timestamp: new Date().toISOString(), level: 'error', service: 'halobestie-backup', event: 'failed', command: process.argv[2], problem }))
  process.exitCode = error instanceof Busy ? BUSY : process.argv[2] === 'wal-get' ? WAL_UNREACHABLE : 1
}
