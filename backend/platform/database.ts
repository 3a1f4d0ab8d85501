import { drizzle, type ExtractTablesWithRelations, type NodePgDatabase, type NodePgQueryResultHKT, type PgTransaction } from './drizzle.ts'
import pg from 'pg'
import type { Ctx, Tx } from './ctx.ts'
import { release } from './pool.ts'

type NoTables = Record<string, never>
export type Sql = NodePgDatabase
export type Transaction = PgTransaction<NodePgQueryResultHKT, NoTables, ExtractTablesWithRelations<NoTables>>
/** A handle that may be either: for queries that are right inside and outside a transaction. */
export type Queryable = Sql | Transaction

/** drizzle over the pool, with transactions that give every connection back: drizzle's own loses one whenever `begin` fails. */
export function createSql(pool: pg.Pool): Sql {
  const handles = new WeakMap<pg.PoolClient, Sql>()
  const handleOf = (client: pg.PoolClient) => {
    const handle = handles.get(client) ?? drizzle({ client })
    handles.set(client, handle)
    return handle
  }
  const sql = drizzle({ client: pool })
  sql.transaction = async (work, config) => {
    const client = await pool.connect()
    try {
      return await handleOf(client).transaction(work, config)
    } finally {
      release(client)
    }
  }
  return sql
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

// The system's codes of a lost connection may look like an SQLSTATE (EPIPE): what counts is whose error it is.
function databaseError(error: unknown): pg.DatabaseError | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof pg.DatabaseError) return at
  }
  return undefined
}
