import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Cell } from '../../platform/csv.ts'
import { findPayableStatement } from '../ledger/index.ts'
import type { Statement } from './contract.ts'

/** A mitra's month in Asia/Jakarta (this one unless told otherwise): what stood there, what moved, what stands there then. */
export async function showStatement(ctx: Ctx, mitraId: string, asked: string | undefined): Promise<Statement> {
  const month = asked ?? await thisMonth(ctx)
  const { openingIdr, closingIdr, entries } = await findPayableStatement(ctx.sql, mitraId, month)
  const items = entries.map((entry) => ({
    at: entry.at.toISOString(), flow: entry.flow, amountIdr: entry.amountIdr, sessionId: entry.sessionId, payoutId: /^payout:([0-9a-f-]{36}):/.exec(entry.key)?.[1] ?? null,
  }))
  const sum = (isPayout: boolean) => items.filter((item) => (item.payoutId !== null) === isPayout).reduce((total, item) => total + item.amountIdr, 0)
  return { month, openingIdr, earnedIdr: sum(false), paidOutIdr: 0 - sum(true), closingIdr, items }
}

async function thisMonth(ctx: Ctx): Promise<string> {
  const { rows } = await ctx.sql.execute<{ month: string }>(sql`select to_char(app_now() at time zone 'Asia/Jakarta', 'YYYY-MM') as month`)
  return rows[0]!.month
}

export const STATEMENT_HEADER = ['at', 'what', 'session', 'payout', 'amount_idr', 'balance_idr'] as const

/** The same as lines: the balance goes along, from the opening to the closing. */
export function* statementLines(statement: Statement): Generator<readonly Cell[]> {
  let balanceIdr = statement.openingIdr
  yield [null, 'opening', null, null, null, balanceIdr]
  for (const item of statement.items) yield [item.at, item.flow, item.sessionId, item.payoutId, item.amountIdr, balanceIdr += item.amountIdr]
  yield [null, 'closing', null, null, null, statement.closingIdr]
}
