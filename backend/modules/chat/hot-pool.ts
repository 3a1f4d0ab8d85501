import type { Pool } from 'pg'
import type { Ctx } from '../../platform/ctx.ts'
import { createPool } from '../../platform/pool.ts'

/** Sends have four commits under way at most, and one for conversations that are held; changes two; receipts and memberships one each. */
const CONNECTIONS = 9
/** None of them is ever slow by itself; whoever sends waits for it. */
const STATEMENT_MS = 5000

// The plan of a named statement is kept. One that was made while the tables were small would go through them from end
// to end for as long as nobody analyses them; every access of these statements is by a key, whatever the statistics say.
const BY_KEYS = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' }

/** Connections for the statements that every message needs: never behind a slow request, and with plans that last. */
export function createHotPool(ctx: Ctx): Pool {
  return createPool({ url: ctx.env.DATABASE_URL, max: CONNECTIONS, applicationName: 'halobestie-chat', log: ctx.log, statementMs: STATEMENT_MS, settings: BY_KEYS, told: { metrics: ctx.metrics, as: 'messages' } })
}

/** Runs a named statement. Throws what Postgres threw, or that it did not answer in time. */
export async function askHot<Row extends object>(pool: Pool, name: string, text: string, values: unknown[]): Promise<Row[]> {
  return (await pool.query<Row>({ name, text, values })).rows
}
