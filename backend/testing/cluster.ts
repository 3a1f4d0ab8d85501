import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pg from 'pg'
import type { SettingValues } from '../platform/settings.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { letterVariables } from './app.ts'
import { testVariables } from './env.ts'
import { by, createFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { freePort, projectRoot } from './servers/processes.ts'
import { startValkey, type Valkey } from './servers/valkey.ts'
import { startTestSimulators, testSecrets, type Simulators } from './simulators/index.ts'
import { eventually } from './wait.ts'

export type ClusterReplica = {
  url: string
  internalUrl: string
  process: ChildProcess
  /** The ways that were asked for with `through`; they outlive the process. `clients` is how `url` reaches the replica. */
  ways: Ways
  isAlive(): boolean
  /** Sends a signal and, unless it is SIGSTOP or SIGCONT, waits for the end. Answers the exit code (null when killed). */
  kill(signal: NodeJS.Signals): Promise<number | null>
}

/** Replicas as the processes that run in production, on one Postgres and one Valkey, with simulators of the outside. */
export type Cluster = {
  replicas: ClusterReplica[]
  db: TestDatabase
  valkey: Valkey
  simulators: Simulators
  query<Row = Record<string, ReturnType<typeof JSON.parse>>>(text: string, values?: unknown[]): Promise<Row[]>
  /** Another replica, or the same one again after it was killed; with variables of its own. */
  startReplica(index?: number, env?: Record<string, string | undefined>): Promise<ClusterReplica>
}

export type Ways = Partial<Record<Way, FaultProxy>>
export type Way = 'postgres' | 'valkey' | 'clients'

/** `db`: one that the test made, gone with the cluster. `letters`: a mail server and a provider of SMS; both off otherwise. `through`: where every replica has a fault proxy of its own. `seed` and `tell` are the proxies'. */
export type ClusterOptions = { through?: readonly Way[]; seed?: number; tell?: (line: string) => void } & { db?: TestDatabase; replicas?: number; settings?: Partial<SettingValues>; env?: Record<string, string | undefined>; letters?: boolean }

/** Something that ends: a test, or a bench. */
export type Life = { after(end: () => Promise<void>): void }

/** Starts the cluster; everything ends with the test, killed replicas included. */
export async function startCluster(t: Life, options: ClusterOptions = {}): Promise<Cluster> {
  const [db, valkey, simulators] = await Promise.all([options.db ?? createTestDatabase(), startValkey(), startTestSimulators(options.letters === true ? { smtp: { user: testSecrets.smtpUser, password: testSecrets.smtpPassword } } : {})])
  const owner = new pg.Pool({ connectionString: db.ownerUrl, max: 2 })
  owner.on('error', () => {})
  await owner.query('insert into settings (key, value) select key, value from jsonb_each($1::jsonb)', [JSON.stringify(options.settings ?? {})])
  const replicas: ClusterReplica[] = []
  const ways: Ways[] = []
  const startReplica = async (index = replicas.length, env: Record<string, string | undefined> = {}) => {
    const [port, internalPort] = [await freePort(), await freePort()]
    const way = (ways[index] ??= await makeWays(options))
    const replica = await launch({
      ...testVariables({ DATABASE_URL: by(way.postgres, db.url), VALKEY_URL: by(way.valkey, valkey.url) }, {
        POOL_MAX: '10', PORT: String(port), INTERNAL_PORT: String(internalPort),
        XENDIT_ENABLED: 'true', XENDIT_BASE_URL: simulators.xenditBaseUrl, XENDIT_SECRET_KEY: testSecrets.xenditSecretKey, XENDIT_WEBHOOK_TOKEN: testSecrets.xenditWebhookToken,
        XENDIT_SUCCESS_REDIRECT_URL: 'http://127.0.0.1/payment/return/success', XENDIT_FAILURE_REDIRECT_URL: 'http://127.0.0.1/payment/return/failure',
        FCM_SIMULATOR: simulators.url,
        ...(options.letters === true ? letterVariables(simulators) : {}),
        ...options.env,
        ...env,
      }),
    }, { url: by(way.clients, `http://127.0.0.1:${port}`).replace(/\/$/, ''), internalUrl: `http://127.0.0.1:${internalPort}`, ways: way })
    replicas[index] = replica
    simulators.control.xendit.setWebhookUrls(replicas.filter((one) => one.isAlive()).map((one) => `${one.url}/webhooks/xendit/invoice`))
    return replica
  }
  t.after(async () => {
    await Promise.all(replicas.map((replica) => replica.kill('SIGKILL')))
    for (const proxy of ways.flatMap((way) => Object.values(way))) proxy.stop()
    await Promise.all([simulators.stop(), valkey.stop(), owner.end()])
    await db.drop()
  })
  for (let index = 0; index < (options.replicas ?? 2); index++) await startReplica(index)
  return { replicas, db, valkey, simulators, startReplica, query: async (text, values) => (await owner.query(text, values)).rows }
}

async function makeWays({ through = [], seed, tell }: ClusterOptions): Promise<Ways> {
  const made = await Promise.all(through.map(async (name) => [name, await createFaultProxy(0, { ...(seed === undefined ? {} : { seed }), ...(tell ? { tell } : {}) })] as const))
  return Object.fromEntries(made)
}

async function launch(variables: Record<string, string>, urls: Pick<ClusterReplica, 'url' | 'internalUrl' | 'ways'>): Promise<ClusterReplica> {
  const child = spawn(process.execPath, [join(projectRoot, 'backend/main.ts')], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], NODE_NO_WARNINGS: '1', ...variables }, stdio: ['ignore', 'inherit', 'inherit'],
  })
  const isAlive = () => child.exitCode === null && child.signalCode === null
  const replica: ClusterReplica = {
    ...urls, process: child, isAlive,
    async kill(signal) {
      if (!isAlive()) return child.exitCode
      child.kill(signal)
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') return null
      await once(child, 'exit')
      return child.exitCode
    },
  }
  await eventually(async () => {
    if (!isAlive()) throw new Error(`the replica ended at once (${child.signalCode ?? child.exitCode})`)
    return fetch(`${urls.url}/ready`).then((answer) => answer.ok, () => false)
  }, 'the replica is ready', { timeoutMs: 90_000 })
  return replica
}
