import { spawn } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'iovalkey'
import pg from 'pg'
import t from 'tap'
import { discardPostgres, startPostgres } from './postgres.ts'
import { freePort, isAlive, projectRoot, ServerUnavailable, until } from './processes.ts'
import { startValkey } from './valkey.ts'

const DATA = join(projectRoot, '.data')
mkdirSync(DATA, { recursive: true })
const folder = mkdtempSync(join(DATA, 'servers-'))
chmodSync(folder, 0o755)
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

async function ask<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

async function onValkey<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    client.disconnect()
  }
}

t.test('Postgres keeps its data over a stop and over a kill -9, and is safe against power cuts', async (t) => {
  const dataDir = join(folder, 'durable')
  const first = await startPostgres({ dataDir, durable: true })
  t.after(() => discardPostgres(dataDir))
  const [version] = await ask<{ server_version: string }>(first.url(), 'show server_version')
  t.match(version?.server_version, /^17\./)
  const settings = await ask<{ name: string; setting: string }>(first.url(), `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'max_connections') order by name`)
  t.strictSame(Object.fromEntries(settings.map((row) => [row.name, row.setting])), { fsync: 'on', full_page_writes: 'on', listen_addresses: '127.0.0.1', max_connections: '200', synchronous_commit: 'on' })
  await ask(first.url(), 'create table kept (value int)')
  await ask(first.url(), 'insert into kept values (1)')
  await first.stop()
  t.notOk(isAlive(first.pid), 'stop waits until the server is gone')

  const second = await startPostgres({ dataDir, durable: true })
  await ask(second.url(), 'insert into kept values (2)')
  process.kill(second.pid, 'SIGKILL')
  t.ok(await until(() => !isAlive(second.pid), 30_000))

  const third = await startPostgres({ dataDir, durable: true })
  t.strictSame(await ask(third.url(), 'select value from kept order by value'), [{ value: 1 }, { value: 2 }])
  await third.stop()

  const fresh = await startPostgres({ dataDir, durable: false, fresh: true })
  t.strictSame(await ask(fresh.url(), `select 1 from pg_tables where tablename = 'kept'`), [], 'fresh wipes')
  await fresh.stop()
})

t.test('a data folder belongs to one process at a time, and a taken port is one clear line', async (t) => {
  const dataDir = join(folder, 'shared')
  const postgres = await startPostgres({ dataDir, durable: false })
  t.after(() => discardPostgres(dataDir))
  await t.rejects(startPostgres({ dataDir, durable: false }), { name: 'ServerUnavailable', message: new RegExp(`^the database in \\S+ is in use by process ${process.pid}: stop that first$`) })
  await postgres.stop()

  const port = await freePort()
  const other = createServer().listen(port, '127.0.0.1')
  t.after(() => other.close())
  await t.rejects(startPostgres({ dataDir, port, durable: false }), new ServerUnavailable(`port ${port} for Postgres is already in use`))
  await t.rejects(startValkey({ port }), new ServerUnavailable(`port ${port} for Valkey is already in use`))
})

t.test('what can not be written to is one clear line', async (t) => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  await t.rejects(startPostgres({ dataDir: join(file, 'postgres'), durable: false }), { name: 'ServerUnavailable', message: `cannot write to ${file} (EEXIST)` })
  await t.rejects(startValkey({ dir: join(file, 'valkey') }), { name: 'ServerUnavailable', message: `cannot write to ${join(file, 'valkey')} (ENOTDIR)` })
})

t.test('in a folder that others can not read the data lies where the server can reach it', async (t) => {
  const secret = join(folder, 'private')
  mkdirSync(secret, { mode: 0o700 })
  chmodSync(secret, 0o700)
  const dataDir = join(secret, 'postgres')
  const postgres = await startPostgres({ dataDir, durable: false })
  t.strictSame(await ask(postgres.url(), 'select 1 as one'), [{ one: 1 }])
  await postgres.stop()
  // Only root has to hand the server to another user.
  t.equal(lstatSync(dataDir).isSymbolicLink(), process.getuid?.() === 0)
  const again = await startPostgres({ dataDir, durable: false })
  await again.stop()
  await discardPostgres(dataDir)
  t.notOk(existsSync(dataDir))
})

t.test('servers do not outlive a process that was killed', async (t) => {
  const dataDir = join(folder, 'orphan')
  const script = `
    import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, 'postgres.ts'))}
    import { startValkey } from ${JSON.stringify(join(import.meta.dirname, 'valkey.ts'))}
    const postgres = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: true })
    const valkey = await startValkey()
    console.log(JSON.stringify([postgres.pid, valkey.pid]))
    setInterval(() => {}, 60_000)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { promise, resolve } = Promise.withResolvers<string>()
  starter.stdout.once('data', (data: Buffer) => resolve(data.toString()))
  const pids = JSON.parse(await promise) as number[]
  t.ok(pids.every((pid) => isAlive(pid)))
  starter.kill('SIGKILL')
  t.ok(await until(() => pids.every((pid) => !isAlive(pid)), 60_000), 'both are gone')
  const next = await startPostgres({ dataDir, durable: true })
  await next.stop()
  await discardPostgres(dataDir)
})

t.test('Valkey answers, forgets by default, and comes back on the same port', async (t) => {
  const first = await startValkey()
  t.equal(await onValkey(first.url, (client) => client.set('key', 'value')), 'OK')
  first.kill('SIGKILL')
  t.ok(await until(() => !isAlive(first.pid), 30_000))
  const second = await startValkey({ port: first.port })
  t.after(() => second.stop())
  t.equal(second.url, first.url)
  t.equal(await onValkey(second.url, (client) => client.get('key')), null)
})

t.test('a Valkey that was stopped in its tracks can still be ended', async (t) => {
  const valkey = await startValkey()
  valkey.kill('SIGSTOP')
  await valkey.stop()
  t.notOk(isAlive(valkey.pid))
})

t.test('a Valkey that persists has its data after a stop', async (t) => {
  const dir = join(folder, 'valkey')
  const first = await startValkey({ dir, persist: true })
  await onValkey(first.url, (client) => client.set('key', 'value'))
  await first.stop()
  const second = await startValkey({ dir, persist: true })
  t.after(() => second.stop())
  t.equal(await onValkey(second.url, (client) => client.get('key')), 'value')
})

t.test('free ports lie outside of the range that outgoing connections use', async (t) => {
  const range = existsSync('/proc/sys/net/ipv4/ip_local_port_range') ? readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8') : '49152 65535'
  const [lowest = 0] = range.trim().split(/\s+/).map(Number)
  const ports = await Promise.all(Array.from({ length: 20 }, freePort))
  t.ok(ports.every((port) => port < lowest || lowest <= 20_000))
  t.equal(new Set(ports).size, ports.length, 'a port whose server is down for a moment is not given to another')
})
