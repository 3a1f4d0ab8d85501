import type { Pool } from 'pg'
import type { Clock } from './clock.ts'
import type { Sql, Transaction } from './database.ts'
import type { Env } from './env.ts'
import type { Gateways } from './gateways.ts'
import type { Ids } from './ids.ts'
import type { Enqueue } from './jobs.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Publish } from './realtime/publish.ts'
import type { Reports } from './reports.ts'
import type { Settings } from './settings.ts'
import type { Tracing } from './tracing.ts'
import type { ValkeyLink } from './valkey.ts'

/** The outside, and only that: what a use case reaches besides rows. Never a module. */
export type World = {
  env: Env
  /** The same pool that `sql` uses, for the named prepared statements of hot paths. */
  pool: Pool
  clock: Clock
  ids: Ids
  log: Log
  metrics: Metrics
  settings: Settings
  valkey: ValkeyLink
  publish: Publish
  enqueue: Enqueue
  gateways: Gateways
  tracing: Tracing
  reports: Reports
}

/** What a route or a job has. `afterCommit?: never` lets the compiler refuse a nested transaction. */
export type Ctx = World & { sql: Sql; afterCommit?: never }

/**
 * What `transact` gives: the compiler refuses a use case that needs a transaction and was given none.
 * An effect gets the context outside of the transaction.
 */
export type Tx = World & { sql: Transaction; afterCommit(effect: (ctx: Ctx) => void): void }
