import { createFcmGateway, createMailGateway, createSmsGateway } from './modules/channels/index.ts'
import { createFazpassGateway } from './modules/identity/index.ts'
import { createXenditGateway } from './modules/payments/index.ts'
import { createXenditPayouts } from './modules/payouts/index.ts'
import { createXenditRefunds } from './modules/refunds/index.ts'
import { createXenditStatements } from './modules/reconciliation/index.ts'
import { createClock, type Clock } from './platform/clock.ts'
import type { Ctx, World } from './platform/ctx.ts'
import { createSql } from './platform/database.ts'
import type { Env } from './platform/env.ts'
import type { Gateways } from './platform/gateways.ts'
import { createIds } from './platform/ids.ts'
import { createLog, type Log } from './platform/log.ts'
import { createMetrics, type Metrics } from './platform/metrics.ts'
import { createPool } from './platform/pool.ts'
import { createEnqueue, type Producer } from './platform/queues.ts'
import { NO_REPORTS, reportLogged, type Reports } from './platform/reports.ts'
import { createSettings } from './platform/settings.ts'
import { traceGateways } from './platform/trace-gateways.ts'
import { NO_TRACING, type Tracing } from './platform/tracing.ts'
import { connectValkey } from './platform/valkey.ts'

export type WorldOverrides = {
  /** Instead of Postgres' time as it was heard: for tests that move both together. */
  clock?: Pick<Clock, 'nowMs'>
  log?: Log
  /** Named in pg_stat_activity; two replicas of a test differ. */
  applicationName?: string
  processMetrics?: boolean
  /** How long Valkey may take for an answer: for tests of what holds while it is there, on a machine where it may stand still. */
  valkeyPatienceMs?: number
  gateways?: Partial<Gateways>
  tracing?: Tracing
  reports?: Reports
}

/** What can be plugged in later: the sockets' part once it exists, and whatever a test wants to see. */
export type Plugs = { publish: World['publish']; enqueue: World['enqueue'] }

/** Everything outside of a replica: pool, Valkey, gateways. Opens nothing that must be there: both may be away. */
export function createWorld(env: Env, overrides: WorldOverrides = {}): { ctx: Ctx; plugs: Plugs; producer: Producer; close(): Promise<void> } {
  const { tracing = NO_TRACING, reports = NO_REPORTS } = overrides
  const log = overrides.log ?? createLog({ level: env.LOG_LEVEL, environment: env.APP_ENV, traceId: () => tracing.traceId(), failed: (error, fields) => reportLogged(reports, error, fields) })
  const metrics = createMetrics({ processMetrics: overrides.processMetrics ?? true })
  const clock: Clock = overrides.clock === undefined ? createClock() : { nowMs: overrides.clock.nowMs, heard: () => {} }
  const pool = createPool({ url: env.DATABASE_URL, max: env.POOL_MAX, applicationName: overrides.applicationName ?? 'halobestie', log, told: { metrics, as: 'main' }, tracing })
  const valkey = connectValkey(env.VALKEY_URL, log, overrides.valkeyPatienceMs)
  const producer = createEnqueue(env.VALKEY_URL, log, tracing.jobs)
  const plugs: Plugs = { publish: () => {}, enqueue: producer.enqueue }
  const gateways = createGateways(env, log, metrics, clock, overrides.gateways)
  const ctx: Ctx = {
    env, log, metrics, pool, valkey, clock,
    sql: createSql(pool),
    ids: createIds(clock),
    settings: createSettings(),
    publish: (userIds, frame, options) => plugs.publish(userIds, frame, options),
    enqueue: (queue, rowId, options) => plugs.enqueue(queue, rowId, options),
    gateways: traceGateways(tracing, gateways),
    tracing, reports,
  }
  return {
    ctx, plugs, producer,
    async close() {
      gateways.mail.close()
      await Promise.all([producer.close(), valkey.close(), pool.end(), tracing.stop(), reports.stop()])
    },
  }
}

function createGateways(env: Env, log: Log, metrics: Metrics, clock: Clock, overrides: Partial<Gateways> = {}): Gateways {
  return {
    payments: createXenditGateway(env, log, metrics),
    refunds: createXenditRefunds(env, log, metrics),
    payouts: createXenditPayouts(env, log, metrics),
    statements: createXenditStatements(env, log, metrics),
    otp: createFazpassGateway(env, log, metrics),
    push: createFcmGateway(env, log, metrics, { nowMs: () => clock.nowMs() }),
    mail: createMailGateway(env, log, metrics),
    sms: createSmsGateway(env, log, metrics, { nowMs: () => clock.nowMs() }),
    ...overrides,
  }
}
