import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { banner, type DemoSignIns } from './testing/dev-banner.ts'
import { startPostgres } from './testing/servers/postgres.ts'
import { portTaken, projectRoot, ServerUnavailable } from './testing/servers/processes.ts'
import { startValkey } from './testing/servers/valkey.ts'
import { playgroundOrigins, startSimulators } from './testing/simulators/index.ts'
import { APP_ROLE, OWNER_ROLE } from './testing/template.ts'
import { EnvError, readEnv } from './platform/env.ts'
import { MigrationError, migrateUp } from './platform/migrations.ts'
import { startReplica } from './replica.ts'
import { seedDemo } from './seed.ts'

/**
 * `npm start`: the product with everything that it needs, on this machine and for this machine only. Brings its own
 * Postgres and Valkey (unless DATABASE_URL, VALKEY_URL name others), simulators of the outside companies, demo data.
 * Everything it starts ends with it. `--fresh` wipes what it keeps in `.data/`.
 */
const DATA = join(projectRoot, '.data')
const DATABASE = 'halobestie'

type Part = { stop(): Promise<void> }
const running: Part[] = []
let isStopping = false

async function start(options: { fresh: boolean }): Promise<void> {
  const variables = developmentVariables(process.env)
  await assertPortsFree(variables)
  const startedAt = performance.now()
  const [database, valkeyUrl, pagesMissing] = await Promise.all([ownDatabase(options), ownValkey(), buildControlCenter()])
  if (database) await migrateUp({ url: database.ownerUrl, ...(database.appRole ? { appRole: database.appRole } : {}), log: () => {} })
  let demo: DemoSignIns | undefined
  // For development alone: a page that signs people in with the code that everybody knows.
  const hasPlayground = variables['APP_ENV'] === 'development'
  const simulators = await startSimulators({
    ...(hasPlayground ? { playground: { publicUrl: `http://127.0.0.1:${variables['PORT']}`, phones: () => ({ customer: demo ? [demo.customerPhone] : [], mitra: demo?.mitras ?? [] }) } } : {}),
    port: Number(variables['SIMULATOR_PORT']),
    xendit: {
      secretKey: variables['XENDIT_SECRET_KEY']!, webhookToken: variables['XENDIT_WEBHOOK_TOKEN']!,
      webhookUrl: `http://127.0.0.1:${variables['PORT']}/webhooks/xendit/invoice`,
    },
    smtp: { user: 'halobestie', password: 'simulated' },
    sms: { apiKey: variables['SMS_API_KEY']! },
    fazpass: { merchantKey: variables['FAZPASS_MERCHANT_KEY']!, gatewayKey: variables['FAZPASS_GATEWAY_KEY']! },
  })
  running.push(simulators)
  const env = readEnv({
    ...variables,
    DATABASE_URL: database.appUrl, VALKEY_URL: valkeyUrl,
    XENDIT_BASE_URL: process.env['XENDIT_BASE_URL'] ?? simulators.xenditBaseUrl,
    FAZPASS_BASE_URL: process.env['FAZPASS_BASE_URL'] ?? simulators.fazpassBaseUrl,
    SMS_BASE_URL: process.env['SMS_BASE_URL'] ?? simulators.smsBaseUrl,
    ...(process.env['SMTP_URL'] ? {} : { SMTP_URL: simulators.smtp?.url, SMTP_CA: simulators.smtp?.ca }),
    ...(process.env['FIREBASE_SERVICE_ACCOUNT_PATH'] ? {} : { FCM_SIMULATOR: simulators.url }),
  })
  const replica = await startReplica(env)
  running.push(replica)
  await replica.serving
  demo = await seedDemo(replica.ctx)
  process.stdout.write(banner({ env, demo, simulatorUrl: simulators.url, hasPlayground, pagesMissing, seconds: (performance.now() - startedAt) / 1000 }))
}

/** Development's defaults; every variable that is set wins. Keys are made once and kept with the data. */
function developmentVariables(given: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const port = given['PORT'] ?? '3000'
  const keys = developmentKeys()
  return {
    APP_ENV: 'development', PORT: port, HOST: '127.0.0.1', INTERNAL_PORT: '3001', SIMULATOR_PORT: '3002', LOG_LEVEL: 'warn', DRAIN_SECONDS: '0',
    AUTH_JWT_SECRET: keys.jwt, DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'dev', key: keys.data, active: true }]),
    FAZPASS_ENABLED: 'true', FAZPASS_MERCHANT_KEY: 'simulated-merchant', FAZPASS_GATEWAY_KEY: 'simulated-gateway',
    MAIL_FROM: 'Halobestie <no-reply@halobestie.example>', PUBLIC_ORIGIN: `http://127.0.0.1:${port}`, SMS_API_KEY: 'simulated', SMS_SENDER: 'Halobestie',
    XENDIT_ENABLED: 'true', XENDIT_SECRET_KEY: 'xnd_development_simulated', XENDIT_WEBHOOK_TOKEN: 'simulated-webhook-token',
    ...((given['APP_ENV'] || 'development') === 'development' ? { ALLOWED_ORIGINS: playgroundOrigins(given['SIMULATOR_PORT'] || '3002').join(',') } : {}),
    XENDIT_SUCCESS_REDIRECT_URL: `http://127.0.0.1:${port}/payment/return/success`, XENDIT_FAILURE_REDIRECT_URL: `http://127.0.0.1:${port}/payment/return/failure`,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== '')),
  }
}

// Random and kept: data encrypted in one run is read in the next, and no key stands in the repository.
function developmentKeys(): { jwt: string; data: string } {
  const file = join(DATA, 'keys.json')
  if (!existsSync(file)) writeFileSync(file, JSON.stringify({ jwt: randomBytes(32).toString('base64url'), data: randomBytes(32).toString('base64') }), { mode: 0o600 })
  return JSON.parse(readFileSync(file, 'utf8')) as { jwt: string; data: string } // written by the line above
}

async function assertPortsFree(variables: Record<string, string | undefined>): Promise<void> {
  for (const name of ['PORT', 'INTERNAL_PORT', 'SIMULATOR_PORT']) {
    if (await portTaken(Number(variables[name]))) throw new ServerUnavailable(`port ${variables[name]} is already in use (set ${name} to another)`)
  }
}

type Database = { ownerUrl: string; appUrl: string; appRole?: string }

async function ownDatabase(options: { fresh: boolean }): Promise<Database> {
  const url = process.env['DATABASE_URL']
  if (url) return { ownerUrl: process.env['MIGRATION_DATABASE_URL'] ?? url, appUrl: url, ...appRoleOf(url) }
  const postgres = await startPostgres({ dataDir: join(DATA, 'postgres'), durable: true, fresh: options.fresh })
  running.push(postgres)
  const client = new pg.Client({ connectionString: postgres.url() })
  await client.connect()
  try {
    for (const role of [OWNER_ROLE, APP_ROLE]) {
      const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role])
      if (rowCount === 0) await client.query(`create role ${role} login`)
    }
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE} owner ${OWNER_ROLE}`)
  } finally {
    await client.end()
  }
  return { ownerUrl: postgres.url(OWNER_ROLE, DATABASE), appUrl: postgres.url(APP_ROLE, DATABASE), appRole: APP_ROLE }
}

function appRoleOf(url: string): { appRole?: string } {
  const owner = process.env['MIGRATION_DATABASE_URL']
  const role = decodeURIComponent(new URL(url).username)
  return owner && decodeURIComponent(new URL(owner).username) !== role ? { appRole: role } : {}
}

async function ownValkey(): Promise<string> {
  const url = process.env['VALKEY_URL']
  if (url) return url
  const valkey = await startValkey({ dir: join(DATA, 'valkey'), persist: false })
  running.push(valkey)
  return valkey.url
}

/** Builds what `/` of the internal listener serves, where it is not current. Answers why it could not: the rest of the product needs none of it. */
async function buildControlCenter(): Promise<string | undefined> {
  const child = spawn(process.execPath, [join(projectRoot, 'control-center/build.ts')], { cwd: projectRoot, stdio: ['ignore', 'ignore', 'pipe'] })
  running.push({ stop: async () => void child.kill() })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.once('error', () => resolve(null)).once('close', resolve)
  if ((await promise) === 0) return undefined
  process.stderr.write(told)
  return 'not built: `npm run build` says why'
}

async function stop(): Promise<void> {
  if (isStopping) return
  isStopping = true
  for (const part of running.toReversed()) await part.stop().catch(() => {}) // the next part must be stopped all the same
}

function assertWritable(): void {
  try {
    mkdirSync(DATA, { recursive: true })
    accessSync(DATA, constants.W_OK)
  } catch {
    throw new ServerUnavailable(`cannot write to ${DATA}`)
  }
}

// A terminal's Ctrl-C arrives twice: from the terminal itself and passed on by npm. Only a later one is impatience.
const SAME_SIGNAL_MS = 1000
let signalledAt = Number.NaN
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (performance.now() - signalledAt < SAME_SIGNAL_MS) return
    if (!Number.isNaN(signalledAt)) process.exit(1)
    signalledAt = performance.now()
    void stop().then(() => process.exit(0))
  })
}

try {
  const { values } = parseArgs({ options: { fresh: { type: 'boolean', default: false } } })
  assertWritable()
  await start(values)
} catch (error) {
  if (!isStopping) {
    const isExpected = error instanceof ServerUnavailable || error instanceof EnvError || error instanceof MigrationError || isTakenPort(error)
    process.stderr.write(`halobestie: ${isExpected || !(error instanceof Error) ? String(error instanceof Error ? error.message : error) : error.stack}\n`)
    await stop()
    process.exit(1)
  }
}

function isTakenPort(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')
}

