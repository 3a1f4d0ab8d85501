import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { testVariables } from '../backend/testing/env.ts'
import { startPostgres } from '../backend/testing/servers/postgres.ts'
import { freePort, projectRoot } from '../backend/testing/servers/processes.ts'
import { startValkey } from '../backend/testing/servers/valkey.ts'
import { APP_ROLE, OWNER_ROLE } from '../backend/testing/template.ts'
import type { SettingValues } from '../backend/platform/settings.ts'
import { migrateUp } from '../backend/platform/migrations.ts'

export type BenchServers = {
  /** For the application's role. */
  databaseUrl: string
  valkeyUrl: string
  /** The superuser's, for what only they may do. */
  adminUrl: string
  owner: pg.Pool
  ownerUrl: string
  replicas: { url: string; internalUrl: string; pid: number }[]
  stop(): Promise<void>
}

const DATABASE = 'bench'
/** One machine plays everybody: what it may ask for is not what is measured, counting it is. */
const UNLIMITED = { beaconRequests: 10_000_000, socketRequests: 10_000_000, socketsPerIp: 1_000_000, strangersPerIp: 1_000_000, strangersMax: 1_000_000 }

/** A Postgres that really commits to disk (unless `isThrowaway`: writing is not what is measured), a Valkey, and replicas as the processes that run in production. */
export async function startBenchServers(options: { replicas: number; isThrowaway?: boolean; profileDir?: string | undefined; settings?: Partial<SettingValues> }): Promise<BenchServers> {
  const folder = join(projectRoot, `.data/bench-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const parts: { stop(): Promise<unknown> }[] = []
  const stop = async () => {
    for (const part of parts.toReversed()) await part.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), durable: options.isThrowaway !== true, fresh: true, ...(options.isThrowaway ? { settings: { shared_buffers: '1GB', maintenance_work_mem: '512MB', max_wal_size: '8GB' } } : {}) })
    parts.push(postgres)
    const valkey = await startValkey()
    parts.push(valkey)
    await createDatabase(postgres.url())
    const ownerUrl = postgres.url(OWNER_ROLE, DATABASE)
    await migrateUp({ url: ownerUrl, appRole: APP_ROLE, log: () => {} })
    const owner = new pg.Pool({ connectionString: ownerUrl, max: 2 })
    parts.push({ stop: () => owner.end() })
    await owner.query('insert into settings (key, value) select key, value from jsonb_each($1::jsonb)', [JSON.stringify({ ...UNLIMITED, ...options.settings })])
    const databaseUrl = postgres.url(APP_ROLE, DATABASE)
    const replicas = []
    for (let index = 0; index < options.replicas; index++) {
      const replica = await startReplicaProcess({ DATABASE_URL: databaseUrl, VALKEY_URL: valkey.url }, options.profileDir)
      parts.push(replica)
      replicas.push(replica)
    }
    return { databaseUrl, adminUrl: postgres.url(undefined, DATABASE), valkeyUrl: valkey.url, owner, ownerUrl, replicas, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`create role ${OWNER_ROLE} login; create role ${APP_ROLE} login`)
  await client.query(`create database ${DATABASE} owner ${OWNER_ROLE}`)
  await client.end()
}

async function startReplicaProcess(urls: { DATABASE_URL: string; VALKEY_URL: string }, profileDir: string | undefined) {
  const [port, internalPort] = [await freePort(), await freePort()]
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`]
  const child = spawn(process.execPath, [...profile, join(projectRoot, 'backend/main.ts')], {
    env: { PATH: process.env['PATH'], ...testVariables(urls, { PORT: String(port), INTERNAL_PORT: String(internalPort), POOL_MAX: '20', LOG_LEVEL: 'warn' }) },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  for (const giveUpAt = performance.now() + 30_000; ;) {
    if (child.exitCode !== null || performance.now() > giveUpAt) throw new Error('a replica did not start')
    if (await fetch(`${url}/ready`).then((answer) => answer.ok, () => false)) break
    await pause(50)
  }
  return {
    url, internalUrl: `http://127.0.0.1:${internalPort}`, pid: child.pid!,
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
