import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Test } from 'tap'
import { account, checkLedger, post, walletRoutes } from '../modules/ledger/index.ts'
import {
  createPayment, createXenditGateway, drainInbox, findPayment, markExpired, markPaid, paymentRoutes, postingKeyOfPayment, sweepInbox, webhookRoutes,
  type InboxHooks, type Payment,
} from '../modules/payments/index.ts'
import { createXenditStatements } from '../modules/reconciliation/index.ts'
import type { UserActor } from '../platform/access.ts'
import type { Ctx } from '../platform/ctx.ts'
import { transact } from '../platform/database.ts'
import { createFastify } from '../platform/http.ts'
import { createSettings, type SettingValues } from '../platform/settings.ts'
import { createWorld } from '../world.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { testEnv } from './env.ts'
import { startTestSimulators, testSecrets, type Simulators } from './simulators/index.ts'
import { PATIENCE_MS } from './wait.ts'

/**
 * The smallest thing that can be paid for: confirmed money goes to the session's escrow once, an end unpaid is marked.
 * What the sessions module does with it on top is tested there.
 */
export const smallestHooks: InboxHooks = {
  judges: {},
  async apply(ctx, { paymentId, providerPaymentId, paidIdr, through }) {
    return transact(ctx, async (tx) => {
      const payment = await findPayment(tx.sql, paymentId)
      const isNew = await post(tx, {
        key: postingKeyOfPayment(paymentId, providerPaymentId), flow: 'payment', sessionId: payment!.sessionId, paymentId,
        entries: [{ account: account.providerClearing, amountIdr: -paidIdr }, { account: account.escrow(payment!.sessionId), amountIdr: paidIdr }],
      })
      if (isNew) await markPaid(tx, paymentId, through)
      return isNew ? 'applied' : 'already'
    })
  },
  async expired(ctx, paymentId) {
    await transact(ctx, (tx) => markExpired(tx, paymentId))
  },
}

const HASTY_MS = 200

export type PaymentsApp = Awaited<ReturnType<typeof startPayments>>
type Options = {
  replicas?: number; settings?: Partial<SettingValues>; env?: Record<string, string>; simulators?: Parameters<typeof startTestSimulators>[0]
  /** Events are judged as soon as they are stored, as with workers; else by `drainInbox`. */
  eager?: boolean
}

/** Replicas that have payments and the ledger and nothing else, with a database and a provider of their own. */
export async function startPayments(t: Test, options: Options = {}) {
  let shiftMs = 0
  const [db, simulators] = await Promise.all([createTestDatabase(), startTestSimulators({ clock: () => Date.now() + shiftMs, ...options.simulators, xendit: { patienceMs: PATIENCE_MS, ...options.simulators?.xendit } })])
  const owner = new pg.Pool({ connectionString: db.ownerUrl, max: 2 })
  owner.on('error', () => {})
  const env = testEnv({ DATABASE_URL: db.url, VALKEY_URL: 'redis://127.0.0.1:1' }, {
    XENDIT_ENABLED: 'true', XENDIT_BASE_URL: simulators.xenditBaseUrl, XENDIT_SECRET_KEY: testSecrets.xenditSecretKey,
    XENDIT_WEBHOOK_TOKEN: testSecrets.xenditWebhookToken,
    XENDIT_SUCCESS_REDIRECT_URL: 'http://127.0.0.1/payment/return/success', XENDIT_FAILURE_REDIRECT_URL: 'http://127.0.0.1/payment/return/failure',
    ...options.env,
  })
  const replicas = await Promise.all(Array.from({ length: options.replicas ?? 1 }, () => startReplica(env, options)))
  simulators.control.xendit.setWebhookUrls(replicas.map((replica) => `${replica.url}/webhooks/xendit/invoice`))
  const { ctx } = replicas[0]!
  t.after(async () => {
    const { problems } = await checkLedger(ctx.sql)
    await Promise.all(replicas.map((replica) => replica.stop()))
    await Promise.all([simulators.stop(), owner.end()])
    await db.drop()
    if (problems.length > 0) throw new Error(problems.join('\n'))
  })
  return { ctx, replicas, db, simulators, xendit: simulators.control.xendit, owner, ...acts(ctx, simulators, db, owner, (seconds) => (shiftMs += seconds * 1000)) }
}

/** The same replica, which gives a provider up that does not answer at once: where it never will. What must arrive there is asked for by the patient one. */
export function hasty(ctx: Ctx, timeoutMs = HASTY_MS): Ctx {
  return { ...ctx, gateways: { ...ctx.gateways, payments: createXenditGateway(ctx.env, ctx.log, ctx.metrics, { timeoutMs }) } }
}

async function startReplica(env: Ctx['env'], options: Options) {
  const world = createWorld(env, { processMetrics: false })
  const patience = { timeoutMs: PATIENCE_MS }
  const payments = createXenditGateway(env, world.ctx.log, world.ctx.metrics, patience)
  const statements = createXenditStatements(env, world.ctx.log, world.ctx.metrics, patience)
  const ctx: Ctx = { ...world.ctx, settings: createSettings(options.settings), gateways: { ...world.ctx.gateways, payments, statements } }
  const enqueued: string[] = []
  const running = new Set<Promise<unknown>>()
  const later = new AbortController()
  world.plugs.enqueue = (queue, id, { delayMs = 0 } = {}) => {
    enqueued.push(`${queue} ${id}`)
    if (!options.eager || queue !== 'inbox') return
    // What has to wait (a provider that did not answer this once) has its turn again, as with workers; a little later than Postgres counts.
    const turn = delayMs > 0 ? pause(delayMs + 100, undefined, { signal: later.signal }) : Promise.resolve()
    const run: Promise<unknown> = turn.then(() => drainInbox(ctx, smallestHooks, id), () => {}).finally(() => running.delete(run))
    running.add(run)
  }
  const app = await createFastify(ctx, {
    listener: 'public',
    authenticators: { user: async (token) => ({ actor: actorOf(token), expiresAt: new Date('2100-01-01') }) },
  })
  await app.register(webhookRoutes(ctx))
  await app.register(paymentRoutes(ctx, smallestHooks))
  await app.register(walletRoutes(ctx))
  await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    ctx, enqueued, url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    async stop() {
      await app.close()
      later.abort()
      await Promise.all(running)
      await world.close()
    },
  }
}

/** The token is the customer's id, `mitra.<id>` a mitra's: signing in is tested elsewhere. */
function actorOf(token: string): UserActor {
  const isMitra = token.startsWith('mitra.')
  return { kind: isMitra ? 'mitra' : 'customer', id: isMitra ? token.slice(6) : token, signInId: token }
}

function acts(ctx: Ctx, simulators: Simulators, db: TestDatabase, owner: pg.Pool, shift: (seconds: number) => void) {
  return {
    query: async (text: string, values?: unknown[]) => (await owner.query(text, values)).rows,
    async newCustomer(): Promise<string> {
      const id = ctx.ids.next()
      await owner.query(`insert into users (id, kind, phone_hash, phone_prefix) values ($1, 'customer', $2, '+6281234')`, [id, Buffer.from(id)])
      return id
    },
    /** A payment in `creating`. */
    async newPayment(input: { amountIdr?: number; holdSeconds?: number; customerId?: string } = {}): Promise<Payment> {
      const customerId = input.customerId ?? await this.newCustomer()
      const now = await db.clock.now()
      return transact(ctx, (tx) => createPayment(tx, {
        customerId, sessionId: randomUUID(), purchaseId: randomUUID(), amountIdr: input.amountIdr ?? 25_000, walletIdr: 0,
        description: '15 min', expiresAt: new Date(now.getTime() + (input.holdSeconds ?? 600) * 1000),
      }))
    },
    async stateOf(paymentId: string) {
      return (await findPayment(ctx.sql, paymentId))?.state
    },
    async inbox() {
      return (await owner.query<{ id: string; state: string; reason: string | null; received_count: number; attempts: number; kind: string }>('select * from provider_inbox order by id')).rows
    },
    /** Judges every event that is due, as the workers and sweeps would. */
    async drainInbox(contexts: readonly Ctx[] = [ctx]): Promise<void> {
      while ((await Promise.all(contexts.map((one) => sweepInbox(one, smallestHooks, { waitedSeconds: 0, limit: 20 })))).some((ran) => ran > 0));
    },
    /** Moves everybody's time, the provider's too. */
    async advance(seconds: number): Promise<void> {
      shift(seconds)
      await db.clock.advance(seconds)
      simulators.control.xendit.expireDue()
    },
  }
}
