import pg from 'pg'
import type { SettingValues } from '../platform/settings.ts'
import { startReplica, type Replica, type ReplicaOptions } from '../replica.ts'
import type { Life } from './cluster.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { testEnv } from './env.ts'
import { by, type FaultProxy } from './fault-proxy.ts'
import { startValkey, type Valkey } from './servers/valkey.ts'
import { startTestSimulators, testSecrets, type Simulators } from './simulators/index.ts'

export { call, patiently, type Answer, type CallOptions } from './http.ts'

export type TestAppOptions = {
  /** Rows of the table `settings`, there before the boot. */
  settings?: Partial<SettingValues>
  /** Variables of every replica; `undefined` leaves one out. */
  env?: Record<string, string | undefined>
  replicas?: number
  /** False: no outside companies (payments off). Faults are set at `app.simulators.control`. */
  simulators?: boolean | Parameters<typeof startTestSimulators>[0]
  /** True: a mail server and a provider of SMS; both off otherwise. */
  letters?: boolean
  /** Ways to Postgres and Valkey that the test can break (`startFaultProxy(t)`): one for all replicas, or one each. */
  through?: { postgres?: Ways; valkey?: Ways }
  /** The superuser's URL of a Postgres of the test's own, prepared by `prepareTemplate`: one that it may stop. */
  cluster?: string
  authenticators?: ReplicaOptions['authenticators']
  mount?: ReplicaOptions['mount']
  log?: ReplicaOptions['log']
  /** Time begins at noon of a Wednesday in the middle of a month, in Jakarta: for what is counted by days, weeks or months. */
  atNoon?: boolean
  /** `housekeeping: false`, `timed: false`: for tests that do such work by hand, and ask what a call of theirs did. */
  worker?: ReplicaOptions['worker']
  pages?: ReplicaOptions['pages']
  valkeyPatienceMs?: ReplicaOptions['valkeyPatienceMs']
  /** True: /metrics tells of the process as well. */
  processMetrics?: boolean
}

type Ways = FaultProxy | readonly FaultProxy[]

export type TestReplica = Replica & { url: string }
export type TestApp = {
  /** The first replica's public and internal URL, for tests that need only one. */
  url: string
  internalUrl: string
  replicas: TestReplica[]
  db: TestDatabase
  /** Any statement, as the schema's owner. */
  query<Row = Record<string, ReturnType<typeof JSON.parse>>>(text: string, values?: unknown[]): Promise<Row[]>
  /** Moves the time of Postgres (`app_now()`), the replicas' process clocks and the simulators together. */
  clock: { advance(seconds: number): Promise<void>; now(): Promise<Date> }
  valkey: Valkey
  simulators: Simulators
}

/** Whole replicas on free ports with a database, a Valkey and simulators of their own; all end with the test. */
export async function startTestApp(t: Life, options: TestAppOptions = {}): Promise<TestApp> {
  const started: { stop(): Promise<void> }[] = []
  const replicas: TestReplica[] = []
  t.after(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()))
    for (const part of started.toReversed()) await part.stop()
  })
  let shiftMs = options.atNoon === true ? quietNoon(Date.now()) - Date.now() : 0
  const clock = { nowMs: () => Date.now() + shiftMs }
  const simulatorOptions = typeof options.simulators === 'object' ? options.simulators : {}
  const [db, valkey, simulators] = await Promise.all([createTestDatabase(options.cluster), startValkey(), startTestSimulators({ clock: clock.nowMs, ...(options.letters === true ? { smtp: { user: testSecrets.smtpUser, password: testSecrets.smtpPassword } } : {}), ...simulatorOptions })])
  const owner = new pg.Pool({ connectionString: db.ownerUrl, max: 2 })
  owner.on('error', () => {})
  await db.clock.advance(shiftMs / 1000)
  started.push({ stop: () => db.drop() }, { stop: () => owner.end() }, valkey, simulators)
  await owner.query('insert into settings (key, value) select key, value from jsonb_each($1::jsonb)', [JSON.stringify(options.settings ?? {})])

  for (let index = 0; index < (options.replicas ?? 1); index++) {
    const env = testEnv(
      { DATABASE_URL: by(wayOf(options.through?.postgres, index), db.url), VALKEY_URL: by(wayOf(options.through?.valkey, index), valkey.url) },
      { ...(options.simulators === false ? {} : gatewayVariables(simulators)), ...(options.letters === true ? letterVariables(simulators) : {}), ...options.env },
    )
    const replica = await startReplica(env, {
      clock,
      applicationName: `replica-${index}`,
      processMetrics: options.processMetrics ?? false,
      ...(options.authenticators ? { authenticators: options.authenticators } : {}),
      ...(options.mount ? { mount: options.mount } : {}),
      ...(options.log ? { log: options.log } : {}),
      ...(options.worker ? { worker: options.worker } : {}),
      ...(options.pages ? { pages: options.pages } : {}),
      ...(options.valkeyPatienceMs ? { valkeyPatienceMs: options.valkeyPatienceMs } : {}),
    })
    replicas.push({ ...replica, url: replica.publicUrl })
  }
  await Promise.all(replicas.map((replica) => replica.serving))
  const [first] = replicas
  if (!first) throw new Error('a test app has at least one replica')
  simulators.control.xendit.setWebhookUrls(replicas.map((replica) => `${replica.url}/webhooks/xendit/invoice`))
  return {
    url: first.url, internalUrl: first.internalUrl, replicas, db, valkey, simulators,
    query: async (text, values) => (await owner.query(text, values)).rows,
    clock: {
      async advance(seconds) {
        shiftMs += seconds * 1000
        await db.clock.advance(seconds)
      },
      now: () => db.clock.now(),
    },
  }
}

/** The next one after this moment, in milliseconds: no midnight, week's end or month's end is near. */
function quietNoon(nowMs: number): number {
  const noon = new Date(nowMs)
  noon.setUTCHours(5, 0, 0, 0) // 12:00 in Jakarta
  do noon.setUTCDate(noon.getUTCDate() + 1)
  while (noon.getUTCDay() !== 3 || noon.getUTCDate() < 8 || noon.getUTCDate() > 20)
  return noon.getTime()
}

function wayOf(ways: Ways | undefined, index: number): FaultProxy | undefined {
  return ways === undefined || 'port' in ways ? ways : ways[index]
}

function gatewayVariables(simulators: Simulators): Record<string, string> {
  return {
    XENDIT_ENABLED: 'true',
    XENDIT_BASE_URL: simulators.xenditBaseUrl,
    XENDIT_SECRET_KEY: testSecrets.xenditSecretKey,
    XENDIT_WEBHOOK_TOKEN: testSecrets.xenditWebhookToken,
    XENDIT_SUCCESS_REDIRECT_URL: 'http://127.0.0.1/payment/return/success',
    XENDIT_FAILURE_REDIRECT_URL: 'http://127.0.0.1/payment/return/failure',
    FAZPASS_BASE_URL: simulators.fazpassBaseUrl,
    FAZPASS_MERCHANT_KEY: testSecrets.fazpassMerchantKey,
    FAZPASS_GATEWAY_KEY: testSecrets.fazpassGatewayKey,
    FCM_SIMULATOR: simulators.url,
  }
}

/** What switches e-mail and SMS on, by the simulators. */
export function letterVariables(simulators: Pick<Simulators, 'smtp' | 'smsBaseUrl'>): Record<string, string | undefined> {
  return {
    SMTP_URL: simulators.smtp?.url, SMTP_CA: simulators.smtp?.ca, MAIL_FROM: 'Halobestie <no-reply@halobestie.example>', PUBLIC_ORIGIN: 'http://127.0.0.1:3000',
    SMS_BASE_URL: simulators.smsBaseUrl, SMS_API_KEY: testSecrets.smsApiKey, SMS_SENDER: 'Halobestie',
  }
}
