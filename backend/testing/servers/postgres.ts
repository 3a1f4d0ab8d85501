import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, freePort, guard, identify, isAlive, isRunning, portTaken, projectRoot, readText, runsProgram, ServerUnavailable, until, type Guarded } from './processes.ts'
import { prepareHome, removeDataDir, type Home } from './postgres-home.ts'

const MAJOR = '17'
const START_TIMEOUT_MS = 60_000
const BUSY = /pre-existing shared memory block|lock file "postmaster.pid" already exists/
const LOG_FILE = 'server.log'

export type PostgresOptions = {
  /** Absolute, or relative to the project. */
  dataDir: string
  port?: number
  /** Wipes what is there. */
  fresh?: boolean
  /** False gives up safety against power cuts and crashes for speed: for data that is thrown away. */
  durable: boolean
  settings?: Record<string, string | number>
}

export type Postgres = {
  port: number
  pid: number
  /** A connection URL; without arguments the superuser's for the database `postgres`. */
  url: (owner?: string, database?: string) => string
  /** `immediate`: without a checkpoint, as after a crash of the server. */
  stop: (how?: 'immediate') => Promise<void>
}

const THROWAWAY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off', wal_level: 'minimal', max_wal_senders: 0, shared_buffers: '64MB' }
const COMMON = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200, shared_buffers: '256MB', timezone: 'UTC', log_timezone: 'UTC', lc_messages: 'C' }

/** Makes a new cluster beside its place and moves it there whole, so that one that was cut off is never taken for a database. */
function initialise(home: Home, cluster: string, durable: boolean): void {
  const partial = `${cluster}.partial`
  rmSync(partial, { recursive: true, force: true })
  const args = ['-D', partial, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions']
  const identity = home.user ? { uid: home.user.uid, gid: home.user.gid } : {}
  const result = spawnSync(join(home.bin, 'initdb'), durable ? args : [...args, '--no-sync'], { ...identity, cwd: '/', encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } })
  if (result.error || result.status !== 0) throw new ServerUnavailable(`Postgres could not be set up in ${home.dataDir}: ${result.error?.message ?? lastLine(result.stderr)}`)
  renameSync(partial, cluster)
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n')
  return (lines.findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1) ?? '').trim()
}

/** Takes the data folder for this process, or throws while another one that lives has it. */
async function claim(home: Home): Promise<() => void> {
  const file = join(home.dataDir, 'owner')
  const own = identify(process.pid) ?? ''
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' })
      break
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw new ServerUnavailable(`cannot write to ${home.dataDir} (${errorCode(error)})`)
    }
    const owner = readText(file)
    // A server of our own that has just died lets go as soon as the event loop hears of it.
    if (owner === own && (await until(() => readText(file) !== own, 500))) continue
    if (isRunning(owner)) throw new ServerUnavailable(`the database in ${home.dataDir} is in use by process ${Number.parseInt(owner ?? '', 10)}: stop that first`)
    rmSync(file, { force: true })
  }
  return () => {
    if (readText(file) === own) rmSync(file, { force: true })
  }
}

/** Stops a server whose starter died without its watchdog, and removes what it left behind. */
async function endOrphan(cluster: string): Promise<void> {
  const file = join(cluster, 'postmaster.pid')
  const pid = Number.parseInt(readText(file) ?? '', 10)
  if (!(pid > 0)) return
  if (isAlive(pid) && runsProgram(pid, 'postgres')) {
    process.kill(pid, 'SIGINT')
    if (!(await until(() => !isAlive(pid), 10_000))) process.kill(pid, 'SIGKILL')
    await until(() => !isAlive(pid), 5000)
  }
  // Postgres itself would believe any living process of its user that got the same id.
  rmSync(file, { force: true })
}

function launch(home: Home, cluster: string, port: number, options: PostgresOptions): Guarded {
  const settings = { ...COMMON, ...(options.durable ? {} : THROWAWAY), ...options.settings }
  const args = ['-D', cluster, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const log = openSync(join(home.dataDir, LOG_FILE), 'w')
  const identity = home.user ? { uid: home.user.uid, gid: home.user.gid } : {}
  const child = spawn(join(home.bin, 'postgres'), args, { ...identity, cwd: '/', detached: true, stdio: ['ignore', log, log], env: { PATH: '/usr/bin:/bin' } })
  child.on('error', () => {})
  closeSync(log)
  return guard(child, options.durable ? 'INT' : 'QUIT')
}

async function untilReady(cluster: string, server: Guarded): Promise<boolean> {
  const ready = () => {
    const [pid, , , , , , , status] = (readText(join(cluster, 'postmaster.pid')) ?? '').split('\n')
    return pid === String(server.pid) && status?.trim() === 'ready'
  }
  return (await until(() => !server.running() || ready(), START_TIMEOUT_MS)) && server.running()
}

/** Starts Postgres on 127.0.0.1, where the superuser `postgres` needs no password. Throws ServerUnavailable, one line for people. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const home = prepareHome(resolve(projectRoot, options.dataDir))
  const cluster = join(home.dataDir, MAJOR)
  const release = await claim(home)
  try {
    if (options.port && (await portTaken(options.port))) throw new ServerUnavailable(`port ${options.port} for Postgres is already in use`)
    await endOrphan(cluster)
    if (options.fresh) rmSync(cluster, { recursive: true, force: true })
    if (!existsSync(cluster)) initialise(home, cluster, options.durable)
    return await startCluster(home, cluster, options, release)
  } catch (error) {
    release()
    throw error
  }
}

async function startCluster(home: Home, cluster: string, options: PostgresOptions, release: () => void): Promise<Postgres> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const server = launch(home, cluster, port, options)
    if (await untilReady(cluster, server)) {
      void server.ended.then(release)
      return {
        port,
        pid: server.pid,
        url: (user = 'postgres', database = 'postgres') => `postgres://${user}@127.0.0.1:${port}/${database}`,
        stop: (how) => server.stop(options.durable && how !== 'immediate' ? 'SIGINT' : 'SIGQUIT', 20_000),
      }
    }
    const log = readText(join(home.dataDir, LOG_FILE)) ?? ''
    const again = BUSY.test(log) || (!options.port && log.includes('Address already in use'))
    await server.stop('SIGQUIT', 1000)
    if (!again || attempt >= 20) throw new ServerUnavailable(`Postgres did not start: ${lastLine(log)}`)
    await sleep(250)
  }
}

/** Removes a data folder for good; a server that still runs on it after its starter died is stopped first. */
export async function discardPostgres(dataDir: string): Promise<void> {
  await endOrphan(join(dataDir, MAJOR))
  removeDataDir(dataDir)
}
