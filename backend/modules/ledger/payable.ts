import { and, eq, gte, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { account } from './accounts.ts'
import { ledgerBalances } from './tables.ts'
import { walletBegins } from './wallet-holds.ts'

const PREFIX = account.payable('')

/** What a mitra is owed, in rupiah; below zero after a clawback. */
export async function findPayable(handle: Queryable, mitraId: string): Promise<number> {
  const [row] = await handle.select({ balanceIdr: ledgerBalances.balanceIdr }).from(ledgerBalances).where(eq(ledgerBalances.account, account.payable(mitraId)))
  return row?.balanceIdr ?? 0
}

/** The same, and nobody else posts to it until this transaction ends: no CHECK guards this balance. */
export async function lockPayable(tx: Tx, mitraId: string): Promise<number> {
  const [row] = await tx.sql.select({ balanceIdr: ledgerBalances.balanceIdr }).from(ledgerBalances).where(eq(ledgerBalances.account, account.payable(mitraId))).for('update')
  return row?.balanceIdr ?? 0
}

/** Every mitra who is owed at least this, with what that is. */
export async function findPayablesFrom(handle: Queryable, leastIdr: number): Promise<Map<string, number>> {
  const rows = await handle.select().from(ledgerBalances).where(and(sql`starts_with(${ledgerBalances.account}, ${PREFIX})`, gte(ledgerBalances.balanceIdr, leastIdr)))
  return new Map(rows.map((row) => [row.account.slice(PREFIX.length), row.balanceIdr]))
}

export type StatementEntry = { at: Date; flow: string; key: string; sessionId: string | null; amountIdr: number }
export type PayableStatement = { openingIdr: number; closingIdr: number; entries: StatementEntry[] }

/** What moved in what a mitra is owed in a month (`YYYY-MM`) of Asia/Jakarta, the oldest first, between what stood there before and after. */
export async function findPayableStatement(handle: Queryable, mitraId: string, month: string): Promise<PayableStatement> {
  const name = account.payable(mitraId)
  const first = `${month}-01`
  const fromAt = sql`(${first}::date::timestamp at time zone 'Asia/Jakarta')`
  const untilAt = sql`((${first}::date + interval '1 month') at time zone 'Asia/Jakarta')`
  const before = await handle.execute<{ opening: string }>(sql`select coalesce(sum(amount_idr), 0) as opening from ledger_entries where account = ${name} and created_at < ${fromAt} and created_at > ${walletBegins(mitraId)}`)
  const { rows } = await handle.execute<{ at: string; flow: string; key: string; session_id: string | null; amount_idr: string }>(sql`
    select e.created_at as at, t.flow, t.key, t.session_id, e.amount_idr from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
    where e.account = ${name} and e.created_at > ${walletBegins(mitraId)} and e.created_at >= ${fromAt} and e.created_at < ${untilAt} order by e.created_at, e.id`)
  const entries = rows.map((row) => ({ at: new Date(row.at), flow: row.flow, key: row.key, sessionId: row.session_id, amountIdr: Number(row.amount_idr) }))
  const openingIdr = Number(before.rows[0]?.opening ?? 0)
  return { openingIdr, closingIdr: entries.reduce((sum, entry) => sum + entry.amountIdr, openingIdr), entries }
}
