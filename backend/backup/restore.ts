import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { contentOf, findBackups, verify, type Manifest, type Place } from './backups.ts'
import type { BackupKind } from './retention.ts'
import { baseEnv, feed, libpqEnv, output, start } from './tools.ts'

/** A backup by its name, or the newest (`latest`); before a moment, where one is given. Throws where there is none. */
export async function findBackup(place: Place, kind: BackupKind, name: string, before?: Date): Promise<Manifest> {
  const found = await findBackups(place, kind)
  const manifest = name === 'latest' ? found.findLast((one) => before === undefined || Date.parse(one.endedAt) <= before.getTime()) : found.find((one) => one.name === name)
  if (!manifest) throw new Error(name === 'latest' ? `there is no whole ${kind}${before ? ` from before ${before.toISOString()}` : ''} in the store` : `there is no whole ${kind} called ${name}`)
  return manifest
}

/**
 * Restores a dump into a database that is empty (or, told to, one whose schema is dropped first). The whole dump is
 * verified before anything is touched.
 */
export async function restoreDump(place: Place, manifest: Manifest, url: string, options: { overwrite: boolean }): Promise<void> {
  const tables = await onDatabase(url, async (client) => (await client.query<{ tables: number }>(`select count(*)::int as tables from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`)).rows[0]!.tables)
  if (tables > 0 && !options.overwrite) throw new Error(`the database is not empty, it has ${tables} tables: use another one, or --overwrite, which drops them all`)
  await verify(place, manifest)
  place.log({ event: 'backup_verified', kind: manifest.kind, name: manifest.name })
  if (tables > 0) await onDatabase(url, (client) => client.query('drop schema public cascade; create schema public'))
  const target = libpqEnv(url)
  // Rights are given anew by the migrator, to the roles of this place.
  const tool = start('pg_restore', ['--exit-on-error', '--no-owner', '--no-acl', '--no-password', `--dbname=${target['PGDATABASE']}`], { env: target, stdin: 'pipe' })
  try {
    await feed(tool.child, contentOf(place, manifest))
    await tool.done
  } finally {
    tool.child.kill()
  }
}

export type Recovered = {
  /** On a socket that only this user can reach; the server ends with `stop`. */
  url: (database: string) => string
  /** The commit of the last transaction that is in it; undefined where the log had none. */
  lastCommitAt: Date | undefined
  stop: () => Promise<void>
}

/**
 * Restores a base backup into an empty folder and replays the write-ahead log over it: to a moment, or to its end. Answers
 * the server that runs on it, which has been promoted. `walCommand` is what fetches a file of the log.
 */
export async function restoreBase(place: Place, manifest: Manifest, dataDir: string, options: { until?: Date | undefined; walCommand: string; user?: string | undefined; env: Record<string, string> }): Promise<Recovered> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  if ((await readdir(dataDir)).length > 0) throw new Error(`${dataDir} is not empty: a cluster is restored into a folder of its own`)
  await verify(place, manifest)
  place.log({ event: 'backup_verified', kind: manifest.kind, name: manifest.name })
  await chmod(dataDir, 0o700)
  const untar = start('tar', ['--extract', '--file=-', '--directory', dataDir], { stdin: 'pipe' })
  await feed(untar.child, contentOf(place, manifest))
  await untar.done
  await writeFile(join(dataDir, 'recovery.signal'), '')
  return recover(dataDir, manifest, options)
}

async function recover(dataDir: string, manifest: Manifest, options: Parameters<typeof restoreBase>[3]): Promise<Recovered> {
  const sockets = await mkdtemp(join(tmpdir(), 'halobestie-restore-'))
  await writeFile(join(sockets, 'pg_hba.conf'), 'local all all trust\n')
  const settings = {
    listen_addresses: '', unix_socket_directories: sockets, port: '5432', hba_file: join(sockets, 'pg_hba.conf'), restore_command: options.walCommand,
    recovery_target_timeline: 'latest', recovery_target_action: 'promote', archive_mode: 'off', ssl: 'off', shared_preload_libraries: '', logging_collector: 'off',
    ...await settingsOf(dataDir),
    // The moment itself is still in: what was committed then happened before anybody could say so.
    ...(options.until ? { recovery_target_time: options.until.toISOString().replace('T', ' ').replace('Z', '+00') } : {}),
  }
  const server = start('postgres', ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], { env: { ...baseEnv(), ...options.env } })
  const user = options.user ?? 'postgres'
  const url = (database: string) => `postgres://${encodeURIComponent(user)}@${encodeURIComponent(sockets)}/${database}`
  try {
    const lastCommitAt = await untilPromoted(server.child, url('postgres'))
    return {
      url, lastCommitAt,
      async stop() {
        server.child.kill('SIGINT')
        await server.done
        await rm(sockets, { recursive: true, force: true })
      },
    }
  } catch (error) {
    server.child.kill('SIGQUIT')
    const problem = await server.done.then(() => error, (ended: unknown) => ended)
    await rm(sockets, { recursive: true, force: true })
    const words = problem instanceof Error ? problem.message : String(problem)
    throw new Error(`${manifest.name} could not be recovered in ${dirname(dataDir)}: ${words}`, { cause: error })
  }
}

/** What the primary was set to, and recovery must not be below; it may have come from its command line. */
async function settingsOf(dataDir: string): Promise<Record<string, string>> {
  const printed = await output('pg_controldata', ['--pgdata', dataDir], { LC_ALL: 'C' })
  const names: Record<string, string> = { max_prepared_xacts: 'max_prepared_transactions', max_locks_per_xact: 'max_locks_per_transaction' }
  return Object.fromEntries([...printed.matchAll(/^(max_\w+) setting: +(\d+)$/gm)].map(([, name, value]) => [names[name!] ?? name!, value!]))
}

async function untilPromoted(server: { exitCode: number | null; signalCode: NodeJS.Signals | null }, url: string): Promise<Date | undefined> {
  for (;;) {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error('the server ended')
    const seen = await onDatabase(url, async (client) => (await client.query<{ recovering: boolean; at: Date | null }>('select pg_is_in_recovery() as recovering, pg_last_xact_replay_timestamp() as at')).rows[0]).catch(() => undefined) // not up yet
    if (seen && !seen.recovering) return seen.at ?? undefined
    await sleep(200)
  }
}

/** One connection, ended with the work. */
export async function onDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'halobestie-backup' })
  client.on('error', () => {}) // what runs is rejected as well
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
