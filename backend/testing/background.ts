import { randomBytes, randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Ctx } from '../platform/ctx.ts'
import { createSettings, type SettingValues } from '../platform/settings.ts'
import { startWorker, type WorkerOptions } from '../worker.ts'
import { createWorld } from '../world.ts'
import { letterVariables } from './app.ts'
import type { Life } from './cluster.ts'
import { createTestDatabase } from './database.ts'
import { testEnv } from './env.ts'
import { startValkey } from './servers/valkey.ts'
import { startTestSimulators, testSecrets } from './simulators/index.ts'

export type BackgroundOptions = Omit<WorkerOptions, 'producer'> & {
  replicas?: number
  settings?: Partial<SettingValues>
  env?: Record<string, string | undefined>
  /** True: a mail server and a provider of SMS; both off otherwise. */
  letters?: boolean
  /** False: nothing runs until `replica.start()`. */
  started?: boolean
}

export type Background = Awaited<ReturnType<typeof startBackground>>

/** What happens without a request, as every replica runs it, without the listeners; ends with the test. */
export async function startBackground(t: Life, options: BackgroundOptions = {}) {
  const [db, valkey, simulators] = await Promise.all([createTestDatabase(), startValkey(), startTestSimulators(options.letters === true ? { smtp: { user: testSecrets.smtpUser, password: testSecrets.smtpPassword } } : {})])
  const owner = new pg.Pool({ connectionString: db.ownerUrl, max: 2 })
  owner.on('error', () => {})
  const query = async <Row = Record<string, ReturnType<typeof JSON.parse>>>(text: string, values?: unknown[]): Promise<Row[]> => (await owner.query(text, values)).rows
  const env = testEnv({ DATABASE_URL: db.url, VALKEY_URL: valkey.url }, { FCM_SIMULATOR: simulators.url, ...(options.letters === true ? letterVariables(simulators) : {}), ...options.env })
  const replicas = Array.from({ length: options.replicas ?? 1 }, (_, index) => createBackground(env, index, options))
  if (options.started !== false) for (const replica of replicas) replica.start()
  t.after(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()))
    // SIGKILL ends a Valkey that was stopped, too.
    await Promise.all([valkey.stop(), simulators.stop(), owner.end()])
    await db.drop()
  })
  return { db, valkey, simulators, fcm: simulators.control.fcm, query, clock: db.clock, replicas, ctx: replicas[0]!.ctx }
}

function createBackground(env: Ctx['env'], index: number, options: BackgroundOptions) {
  const world = createWorld(env, { processMetrics: false, applicationName: `background-${index}` })
  const ctx: Ctx = { ...world.ctx, settings: createSettings({ sweepMs: 100, ...options.settings }) }
  let worker: ReturnType<typeof startWorker> | undefined
  let ended: Promise<void> | undefined
  return {
    ctx,
    plugs: world.plugs,
    producer: world.producer,
    start() {
      worker ??= startWorker(ctx, { producer: world.producer, ...options })
    },
    /** Ends the worker alone, as a drain does. */
    async stopWorker(deadlineMs?: number) {
      await worker?.stop(deadlineMs)
      worker = undefined
    },
    stop() {
      ended ??= Promise.resolve(worker?.stop()).then(() => world.close())
      return ended
    },
  }
}

/** A customer with devices, made in the database: signing in is tested elsewhere. */
export async function personWithDevices(app: Pick<Background, 'query'>, tokens: readonly string[] = []): Promise<string> {
  const [userId, signInId] = [randomUUID(), randomUUID()]
  await app.query(`insert into users (id, kind, phone_hash, phone_prefix) values ($1, 'customer', $2, '+6281234')`, [userId, randomBytes(32)])
  await app.query('insert into sign_ins (id, user_id) values ($1, $2)', [signInId, userId])
  for (const token of tokens) {
    await app.query(`insert into devices (id, user_id, sign_in_id, token, platform) values ($1, $2, $3, $4, 'android')`, [randomUUID(), userId, signInId, token])
  }
  return userId
}
