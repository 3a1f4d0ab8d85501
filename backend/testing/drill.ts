// npm run drill [-- --megabytes=1000]: backs a database up, destroys it, restores it, and says what that took.
// Needs the programs of PostgreSQL 17 (server and client) on this machine, or a Docker engine: then it runs in postgres:17.
// Everything is made for it and gone afterwards. Exit 1 where anything is not as it was.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync, readdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { digestOf, fill, findWritten, PERSON, startWriter } from './drill-data.ts'
import { onDatabase } from '../backup/restore.ts'
import { output, programOf, start, type Running } from '../backup/tools.ts'
import { migrateUp } from '../platform/migrations.ts'

const ROOT = join(import.meta.dirname, '../..')
const IMAGE = 'postgres:17'
const PARTIAL_SECONDS = 5
const WRITE_MS = 8000

const problems: string[] = []
function check(what: string, isRight: boolean): void {
  console.log(`${isRight ? 'ok  ' : 'WRONG'} ${what}`)
  if (!isRight) problems.push(what)
}
const rounded = (ms: number) => `${(ms / 1000).toFixed(1)} s`

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  await new Promise((resolve) => server.close(resolve))
  return port
}

type Cluster = { dir: string; url: (user: string, database: string) => string; server: Running }

async function startCluster(dir: string): Promise<Cluster> {
  await output('initdb', ['--pgdata', dir, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'])
  const port = await freePort()
  const server = start('postgres', ['-D', dir, '-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`, '-c', `unix_socket_directories=${dir}`, '-c', 'shared_buffers=128MB', '-c', 'max_wal_size=2GB', '-c', 'max_connections=150'])
  const url = (user: string, database: string) => `postgres://${user}@127.0.0.1:${port}/${database}`
  for (let attempt = 0; ; attempt++) {
    const isUp = await onDatabase(url('postgres', 'postgres'), (client) => client.query('select 1')).then(() => true, () => false)
    if (isUp) break
    if (attempt > 300 || server.child.exitCode !== null) throw new Error('the cluster does not start')
    await sleep(200)
  }
  await onDatabase(url('postgres', 'postgres'), async (client) => {
    for (const statement of ['create role halobestie_owner login', 'create role halobestie_app login', 'create database halobestie owner halobestie_owner']) await client.query(statement)
  })
  return { dir, url, server }
}

async function destroy(cluster: Cluster): Promise<void> {
  cluster.server.child.kill('SIGKILL')
  await cluster.server.done.catch(() => {}) // as it was meant
  // Its children end when they see that it is gone.
  await sleep(1000)
  rmSync(cluster.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 })
}

async function command(script: 'backup.sh' | 'restore.sh', args: string[], env: Record<string, string>): Promise<number> {
  const startedMs = performance.now()
  const child = spawn('bash', [join(ROOT, 'docker', script), ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}`)
  return performance.now() - startedMs
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

async function drill(megabytes: number): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'halobestie-drill-'))
  const ended: (() => Promise<void>)[] = []
  try {
    writeFileSync(join(work, 'key'), randomBytes(32).toString('base64'), { mode: 0o600 })
    mkdirSync(join(work, 'metrics'))
    const primary = await startCluster(join(work, 'primary'))
    ended.push(() => destroy(primary))
    const owner = primary.url('halobestie_owner', 'halobestie')
    await migrateUp({ url: owner, appRole: 'halobestie_app', log: () => {} })
    await fill(owner, megabytes)
    const env = {
      BACKUP_DATABASE_URL: primary.url('postgres', 'halobestie'), BACKUP_STORE: join(work, 'store'), BACKUP_KEY_FILE: join(work, 'key'),
      BACKUP_SPOOL: join(work, 'spool'), BACKUP_PARTIAL_SECONDS: String(PARTIAL_SECONDS), BACKUP_METRICS_DIR: join(work, 'metrics'),
    }
    const databaseBytes = Number((await onDatabase(owner, (client) => client.query<{ bytes: string }>(`select pg_database_size(current_database()) as bytes`))).rows[0]!.bytes)
    const rate = (ms: number) => `${(databaseBytes / 1e6 / (ms / 1000)).toFixed(1)} MB/s`
    console.log(`a database of ${(databaseBytes / 1e6).toFixed(0)} MB`)

    const wal = spawn('bash', [join(ROOT, 'docker/backup.sh'), 'wal'], { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] })
    ended.push(async () => {
      if (wal.exitCode === null && wal.signalCode === null) {
        wal.kill('SIGTERM')
        await once(wal, 'close')
      }
    })
    const baseMs = await command('backup.sh', ['base'], env)
    const before = await digestOf(owner)
    const dumpStartedMs = performance.now()
    check('two dumps at once: one is taken, the other gives way', await twoAtOnce(env))
    const dumpMs = performance.now() - dumpStartedMs
    check('the metrics name both backups', ['dump', 'base'].every((kind) => readFileSync(join(work, 'metrics/halobestie_backup.prom'), 'utf8').includes(`halobestie_backup_last_success_timestamp_seconds{kind="${kind}"}`)))

    const writer = startWriter(primary.url('halobestie_app', 'halobestie'))
    await sleep(WRITE_MS / 2)
    // After the last ack, before the mistake.
    const beforeMistake = new Date((await onDatabase(owner, (client) => client.query<{ at: Date }>('select clock_timestamp() as at'))).rows[0]!.at.getTime() + 1)
    await sleep(500)
    await onDatabase(owner, (client) => client.query('truncate messages'))
    await sleep(WRITE_MS / 2)
    await destroy(primary)
    const destroyedAt = Date.now()
    wal.kill('SIGKILL')
    await writer.stop()
    await once(wal, 'close').catch(() => {}) // it may have ended already
    console.log(`destroyed, with ${writer.acked.length} acked writes after the backups`)

    const fresh = await startCluster(join(work, 'fresh'))
    ended.push(() => destroy(fresh))
    writeFileSync(join(work, 'erased'), `${PERSON}\n`)
    const rtoDumpMs = await command('restore.sh', ['dump', 'latest', '--erased', join(work, 'erased')], { ...env, RESTORE_DATABASE_URL: fresh.url('halobestie_owner', 'halobestie'), RESTORE_APP_DATABASE_URL: fresh.url('halobestie_app', 'halobestie') })
    const after = await digestOf(fresh.url('halobestie_owner', 'halobestie'))
    const changed = [...before].filter(([table, digest]) => after.get(table) !== digest).map(([table]) => table)
    check(`dump: every row of ${before.size} tables is as it was, but for the erasure that was asked for again (${changed.join()})`, changed.join() === 'erasures' && after.size === before.size)

    const again = spawnSync('bash', [join(ROOT, 'docker/restore.sh'), 'dump', 'latest'], { encoding: 'utf8', env: { ...process.env, ...env, RESTORE_DATABASE_URL: fresh.url('halobestie_owner', 'halobestie') } })
    check('a database that is not empty is left alone', again.status === 1 && again.stderr.includes('the database is not empty'))

    const kept = writer.acked.filter(({ at }) => at <= beforeMistake.getTime())
    const rtoPointMs = await command('restore.sh', ['point', beforeMistake.toISOString(), '--data', join(work, 'point')], env)
    const point = await open(join(work, 'point'))
    check('there is something to lose before the mistake and after it', kept.length > 0 && writer.acked.length > kept.length)
    check(`point in time: all ${kept.length} writes acked before the mistake are there (the last is ${point.last})`, point.last >= (kept.at(-1)?.seq ?? 1) && point.count === point.last && point.ledgerRows === point.last)
    check('point in time: the mistake is not', point.payloadRows > 0 && point.last < writer.acked.at(-1)!.seq)
    check('point in time: the ledger sums to zero', point.sumIdr === 0)

    const rtoEndMs = await command('restore.sh', ['base', 'latest', '--data', join(work, 'end')], env)
    const end = await open(join(work, 'end'))
    const lost = writer.acked.filter(({ seq }) => seq > end.ledgerRows)
    const rpoMs = lost.length === 0 ? 0 : destroyedAt - lost[0]!.at
    check(`to the end of the log: ${end.ledgerRows} of ${writer.acked.length} acked writes, without a gap, and the ledger sums to zero`, end.sumIdr === 0 && end.ledgerRows > kept.length)
    check(`RPO ${rounded(rpoMs)} is within 5 min`, rpoMs <= 300_000)
    check('the log goes on from the moment that was restored, on a timeline of its own, with what the spool still had', await goesOn(join(work, 'point'), env))

    console.log(`\nbackup: dump ${rounded(dumpMs)} (${rate(dumpMs)}), base ${rounded(baseMs)} (${rate(baseMs)}), store ${(bytesIn(join(work, 'store')) / 1e6).toFixed(0)} MB`)
    console.log(`RTO: dump ${rounded(rtoDumpMs)} (${rate(rtoDumpMs)}), point in time ${rounded(rtoPointMs)} (${rate(rtoPointMs)}), end of the log ${rounded(rtoEndMs)}; verified, migrated and the books checked`)
    console.log(`RPO: ${rounded(rpoMs)} with the segment in progress shipped every ${PARTIAL_SECONDS} s (60 by default), the spool lost too`)
  } finally {
    for (const end of ended.toReversed()) await end()
    rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 })
  }
}

async function twoAtOnce(env: Record<string, string>): Promise<boolean> {
  const codes = await Promise.all([0, 1].map(async () => {
    const child = spawn('bash', [join(ROOT, 'docker/backup.sh'), 'dump'], { env: { ...process.env, ...env }, stdio: 'ignore' })
    return ((await once(child, 'close')) as [number | null])[0]
  }))
  return codes.includes(0) && codes.every((code) => code === 0 || code === 75)
}

/** Looks into a restored folder with a server of its own. */
async function open(dir: string) {
  const { server, url } = await serve(dir)
  try {
    return await findWritten(url)
  } finally {
    server.child.kill('SIGINT')
    await server.done.catch(() => {}) // only looked at
  }
}

/** Receives the log of the restored cluster into the same store. */
async function goesOn(dir: string, env: Record<string, string>): Promise<boolean> {
  const { server, url } = await serve(dir)
  const wal = spawn('bash', [join(ROOT, 'docker/backup.sh'), 'wal'], { env: { ...process.env, ...env, BACKUP_DATABASE_URL: url }, stdio: ['ignore', 'inherit', 'inherit'] })
  try {
    for (let attempt = 0; attempt < 300; attempt++) {
      if (readdirSync(join(env['BACKUP_STORE']!, 'wal')).some((name) => /^00000002[0-9A-F]{16}/.test(name))) return true
      await sleep(200)
    }
    return false
  } finally {
    if (wal.exitCode === null) {
      wal.kill('SIGTERM')
      await once(wal, 'close')
    }
    server.child.kill('SIGINT')
    await server.done.catch(() => {}) // only looked at
  }
}

async function serve(dir: string): Promise<{ server: Running; url: string }> {
  const port = await freePort()
  const server = start('postgres', ['-D', dir, '-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`, '-c', `unix_socket_directories=${dir}`])
  const url = `postgres://postgres@127.0.0.1:${port}/halobestie`
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await onDatabase(url, (client) => client.query('select 1')).then(() => true, () => false)) break
    await sleep(200)
  }
  return { server, url }
}

/** The same, in a container that has the programs: this folder, its modules and this Node are mounted, and only read. */
function inContainer(args: string[]): number {
  const modules = realpathSync(join(ROOT, 'node_modules'))
  // Modules that lie elsewhere are linked to by that path.
  const mounts = [[ROOT, '/app'], [process.execPath, '/usr/local/bin/node'], ...(modules.startsWith(`${realpathSync(ROOT)}/`) ? [] : [[modules, modules]])]
  const run = spawnSync('docker', ['run', '--rm', '--init', '--network=none', '--user=postgres', '--workdir=/app', '--shm-size=256m', ...mounts.flatMap(([from, to]) => ['--volume', `${realpathSync(from!)}:${to}:ro`]), '--entrypoint=node', IMAGE, '/app/backend/testing/drill.ts', '--inside', ...args], { stdio: 'inherit' })
  if (run.error) throw new Error('there is neither PostgreSQL 17 on this machine nor a Docker engine: install one of them')
  return run.status ?? 1
}

function hasPostgres17(): boolean {
  return ['postgres', 'initdb', 'pg_dump', 'pg_basebackup', 'pg_receivewal'].every((name) => / 17\./.test(spawnSync(programOf(name), ['--version'], { encoding: 'utf8' }).stdout ?? ''))
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '50' }, inside: { type: 'boolean' } } })
  // Postgres refuses to run as root.
  if (!values.inside && (process.getuid?.() === 0 || !hasPostgres17())) {
    process.exitCode = inContainer(['--megabytes', values.megabytes])
    return
  }
  await drill(Number(values.megabytes))
  console.log(problems.length === 0 ? 'drill: everything came back' : `drill: ${problems.length} problems`)
  if (problems.length > 0) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  console.error(`drill: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
