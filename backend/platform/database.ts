import { drizzle, type ExtractTablesWithRelations, type NodePgDatabase, type NodePgQueryResultHKT, type PgTransaction } from './drizzle.ts'
import pg from 'pg'
import type { Ctx, Tx } from './ctx.ts'
import type { Log } from './log.ts'

type NoTables = Record<string, never>
export type Sql = NodePgDatabase
export type Transaction = PgTransaction<NodePgQueryResultHKT, NoTables, ExtractTablesWithRelations<NoTables>>
/** A handle that may be either: for queries that are right inside and outside a transaction. */
export type Queryable = Sql | Transaction

export type PoolOptions = {
  url: string
  max: number
  applicationName: string
  log: Log
  /** Settings of every session of this pool, by their Postgres names. */
  settings?: Readonly<Record<string, string>>
}

/** A pool that heals: a killed connection is an event, never the end of the process. */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 15_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
    options: Object.entries({ timezone: 'UTC', ...options.settings }).map(([name, value]) => `-c ${name}=${value}`).join(' '),
  })
  pool.on('error', (error) => options.log.warn({ err: error }, 'postgres connection lost'))
  // A client that is checked out and between two statements has no other listener: without one the process would die.
  pool.on('connect', (client) => client.on('error', (error) => options.log.warn({ err: error }, 'postgres connection lost in use')))
  return pool
}

export function createSql(pool: pg.Pool): Sql {
  return drizzle({ client: pool })
}

const RETRIED = new Set(['40001', '40P01'])

/**
 * Runs `work` in one transaction; effects given to `afterCommit` run once it is committed, in order.
 * A deadlock or serialization failure is tried again (3 times in all): `work` may only touch rows.
 */
export async function transact<T>(ctx: Ctx, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const effects: ((ctx: Ctx) => void)[] = []
    try {
      const result = await ctx.sql.transaction((sql) => {
        const { sql: _outer, afterCommit: _none, ...world } = ctx
        return work({ ...world, sql, afterCommit: (effect) => void effects.push(effect) })
      })
      for (const effect of effects) runEffect(ctx, effect)
      return result
    } catch (error) {
      if (attempt >= 3 || !RETRIED.has(databaseErrorCode(error) ?? '')) throw error
    }
  }
}

function runEffect(ctx: Ctx, effect: (ctx: Ctx) => void): void {
  try {
    effect(ctx)
  } catch (error) {
    ctx.log.error({ err: error }, 'an effect after a commit failed')
  }
}

/** The SQLSTATE of whatever drizzle or pg threw, if it is a database error. */
export function databaseErrorCode(error: unknown): string | undefined {
  return databaseError(error)?.code
}

/** The name of the constraint that refused a row, if one did. */
export function violatedConstraint(error: unknown): string | undefined {
  return databaseError(error)?.constraint
}

function databaseError(error: unknown): { code?: string; constraint?: string } | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && at.code.length === 5) return at as { code: string; constraint?: string }
  }
  return undefined
}
