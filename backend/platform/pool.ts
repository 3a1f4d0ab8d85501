import pg from 'pg'
import type { Log } from './log.ts'
import { nameOfStatement, type Tracing } from './tracing.ts'
import type { Metrics } from './metrics.ts'

export type PoolOptions = {
  url: string
  max: number
  applicationName: string
  log: Log
  tracing?: Tracing
  /** The longest that Postgres works on one statement. */
  statementMs?: number
  /** Settings of every session of this pool, by their Postgres names. */
  settings?: Readonly<Record<string, string>>
  /** Where it tells, by this name, how it is. */
  told?: { metrics: Metrics; as: string }
}

const STATEMENT_MS = 6000
/** What we wait beyond the server's own limit: a server that doesn't even refuse is not there. */
const GRACE_MS = 2000
const CONNECT_MS = 3000
/** How long a request waits for one of the connections. */
const WAIT_MS = 6000
/** While Postgres is away somebody tries again so often; whoever comes meanwhile is refused at once. */
const ATTEMPT_EVERY_MS = 250

/** A client that vanished without a word holds its locks and its place in Postgres no longer than this allows. */
const SESSION = {
  timezone: 'UTC', transaction_timeout: '30s', client_connection_check_interval: '2s',
  tcp_keepalives_idle: '10', tcp_keepalives_interval: '3', tcp_keepalives_count: '3', tcp_user_timeout: '10000',
}

const isSilence = (error: unknown): boolean => error instanceof Error && error.message === 'Query read timeout'

/** pg's overloads of `query` end in void, a promise or what was given; none of it matters here. */
type Anything = ReturnType<typeof JSON.parse>

/** A connection that is thrown away once a statement had no answer: pg itself would go on using it. */
class PatientClient extends pg.Client {
  isSilent = false
  whenSilent: (() => void) | undefined
  tracing: Tracing | undefined

  constructor(config?: pg.ClientConfig) {
    // The pool's own limit counts the waiting for a place as well.
    super({ ...config, connectionTimeoutMillis: CONNECT_MS })
  }

  override query(...args: Anything[]): Anything {
    const asked = this.tracing?.isRecording() === true ? this.traced(this.tracing, args) : this.ask(args)
    if (asked instanceof Promise) asked.catch((error: unknown) => this.judge(error))
    return asked
  }

  private ask(args: unknown[]): unknown {
    return (super.query as (...given: unknown[]) => unknown).apply(this, args)
  }

  private traced(tracing: Tracing, args: unknown[]): unknown {
    const span = tracing.begin(nameOfStatement(args[0]), 'client', { 'db.system.name': 'postgresql' })
    const end = (error?: unknown) => {
      if (error) span.fail(error)
      span.end()
    }
    const callback = args.at(-1)
    if (typeof callback === 'function') {
      return this.ask([...args.slice(0, -1), (error: unknown, ...more: unknown[]) => {
        end(error)
        callback(error, ...more)
      }])
    }
    const asked = this.ask(args)
    if (asked instanceof Promise) asked.then(() => end(), end)
    else span.end()
    return asked
  }

  judge(error: unknown): void {
    if (!isSilence(error) || this.isSilent) return
    this.isSilent = true
    this.drop()
    this.whenSilent?.()
  }

  /** As if its socket had failed: what waits on it fails and the pool forgets it, both before anybody else is served. */
  drop(): void {
    this.connection.emit('error', new Error('Connection terminated: a statement had no answer'))
  }
}

type Callback = (error: Error | undefined, client: pg.PoolClient | undefined, done: () => void) => void

type Waited = (seconds: number, wasServed: boolean) => void

/** Once no connection is left and none can be made, nobody waits for what will not come. */
class HealingPool extends pg.Pool {
  waited: Waited | undefined
  readonly live = new Set<pg.PoolClient>()
  private isAway = false
  private attemptedAtMs = Number.NEGATIVE_INFINITY

  override connect(callback?: Callback): Anything {
    if (callback === undefined) return new Promise((resolve, reject) => this.connect((error, client) => (error ? reject(error) : resolve(client))))
    return this.take(this.waited === undefined ? callback : timed(callback, this.waited))
  }

  private take(callback: Callback): Anything {
    if (this.live.size > 0) return super.connect(callback)
    if (this.isAway && performance.now() - this.attemptedAtMs < ATTEMPT_EVERY_MS) {
      process.nextTick(callback, new Error('Connection terminated: Postgres is away'), undefined, () => {})
      return undefined
    }
    this.attemptedAtMs = performance.now()
    return super.connect((error, client, done) => {
      this.isAway = error !== undefined && this.live.size === 0
      callback(error, client, done)
    })
  }
}

function timed(callback: Callback, waited: Waited): Callback {
  const askedAtMs = performance.now()
  return (error, client, done) => {
    waited((performance.now() - askedAtMs) / 1000, error === undefined)
    callback(error, client, done)
  }
}

/**
 * A pool that heals: a connection that was killed is an event, never the end of the process, and one that is silent is
 * replaced together with those that idled beside it, which are no younger than whatever cut it off.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const statementMs = options.statementMs ?? STATEMENT_MS
  const pool = new HealingPool({
    Client: PatientClient,
    connectionString: options.url,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: WAIT_MS,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementMs,
    query_timeout: statementMs + GRACE_MS,
    lock_timeout: statementMs - 1000,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: Object.entries({ ...SESSION, ...options.settings }).map(([name, value]) => `-c ${name}=${value}`).join(' '),
  })
  if (options.told) tell(pool, options.told)
  const idle = new Set<PatientClient>()
  const dropIdle = () => {
    for (const client of idle) client.drop()
  }
  pool.on('error', (error) => options.log.warn({ err: error }, 'postgres connection lost'))
  pool.on('connect', (client) => {
    const made = client as PoolClient
    made.whenSilent = dropIdle
    made.tracing = options.tracing
    pool.live.add(made)
    made.once('end', () => void pool.live.delete(made))
    // A client that is checked out and between two statements has no other listener: without one the process would die.
    made.on('error', (error) => {
      pool.live.delete(made)
      options.log.warn({ err: error }, 'postgres connection lost in use')
    })
  })
  pool.on('acquire', (client) => void idle.delete(client as PoolClient))
  pool.on('remove', (client) => void idle.delete(client as PoolClient))
  pool.on('release', (error, client) => {
    if (error) (client as PoolClient).judge(error)
    else idle.add(client as PoolClient)
  })
  return pool
}

function tell(pool: HealingPool, { metrics, as }: NonNullable<PoolOptions['told']>): void {
  metrics.pools.set(as, pool)
  const seconds = metrics.poolWaitSeconds.labels({ pool: as })
  const refused = metrics.poolRefused.labels({ pool: as })
  pool.waited = (waited, wasServed) => (wasServed ? seconds.observe(waited) : refused.inc())
}

// The pool was given this class.
type PoolClient = PatientClient & pg.PoolClient

/** Puts a connection back, or throws it away where a statement had no answer or a transaction is still open on it. */
export function release(client: pg.PoolClient): void {
  client.release((client as PoolClient).isSilent || client.getTransactionStatus() !== 'I')
}
