import { and, desc, eq, gt, gte, inArray, lt, or, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { boundsOf, CLASS } from './close-day.ts'
import { ledgerEntries, ledgerTransactions } from './tables.ts'
import type { Entry } from './types.ts'

export type LedgerTransaction = { id: string; key: string; flow: string; sessionId: string | null; paymentId: string | null; at: Date; entries: Entry[] }
export type TransactionFilter = { account?: string | undefined; sessionId?: string | undefined; paymentId?: string | undefined; flow?: string | undefined; cursor?: string | undefined; limit: number }

/** Transactions with their entries, the newest first. `cursor` is the last id of the page before. */
export async function findTransactions(handle: Queryable, filter: TransactionFilter): Promise<{ items: LedgerTransaction[]; nextCursor: string | null }> {
  const { account, sessionId, paymentId, flow, cursor, limit } = filter
  const rows = await handle.select().from(ledgerTransactions)
    .where(and(
      sessionId === undefined ? undefined : eq(ledgerTransactions.sessionId, sessionId),
      paymentId === undefined ? undefined : eq(ledgerTransactions.paymentId, paymentId),
      flow === undefined ? undefined : eq(ledgerTransactions.flow, flow),
      account === undefined ? undefined : inArray(ledgerTransactions.id, handle.select({ id: ledgerEntries.transactionId }).from(ledgerEntries).where(eq(ledgerEntries.account, account))),
      cursor === undefined ? undefined : lt(ledgerTransactions.id, cursor),
    ))
    .orderBy(desc(ledgerTransactions.id)).limit(limit + 1)
  const page = rows.slice(0, limit)
  const entries = page.length === 0 ? [] : await handle.select().from(ledgerEntries).where(inArray(ledgerEntries.transactionId, page.map((row) => row.id))).orderBy(ledgerEntries.id)
  const byTransaction = Map.groupBy(entries, (entry) => entry.transactionId)
  const items = page.map(({ createdAt, ...row }) => ({ ...row, at: createdAt, entries: (byTransaction.get(row.id) ?? []).map((entry) => ({ account: entry.account, amountIdr: entry.amountIdr })) }))
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null }
}

export async function findTransaction(handle: Queryable, id: string): Promise<LedgerTransaction | undefined> {
  const [row] = await handle.select().from(ledgerTransactions).where(eq(ledgerTransactions.id, id))
  if (!row) return undefined
  const entries = await handle.select({ account: ledgerEntries.account, amountIdr: ledgerEntries.amountIdr }).from(ledgerEntries).where(eq(ledgerEntries.transactionId, id)).orderBy(ledgerEntries.id)
  const { createdAt, ...transaction } = row
  return { ...transaction, at: createdAt, entries }
}

export type ClassSums = { account: string; debitsIdr: number; creditsIdr: number; balanceIdr: number }

/** What stands in each account, persons' and sessions' as one of their kind, and all that ever went in and out: the closed days and what came since. */
export async function sumByClass(handle: Queryable): Promise<ClassSums[]> {
  const { rows } = await handle.execute<{ account: string; debits: string; credits: string }>(sql`
    select account, sum(debits) as debits, sum(credits) as credits from (
      select s.account, s."debitsIdr" as debits, s."creditsIdr" as credits
      from daily_closings, jsonb_to_recordset(accounts) as s(account text, "debitsIdr" bigint, "creditsIdr" bigint)
      union all
      select ${CLASS}, greatest(-e.amount_idr, 0), greatest(e.amount_idr, 0) from ledger_entries e
      where e.created_at >= coalesce((select max(until_at) from daily_closings), '-infinity')) moved
    group by 1 order by 1`)
  return rows.map((row) => ({ account: row.account, debitsIdr: Number(row.debits), creditsIdr: Number(row.credits), balanceIdr: Number(row.credits) - Number(row.debits) }))
    .toSorted((a, b) => (a.account < b.account ? -1 : 1))
}

export type Move = { key: string; day: string; amountIdr: number }

/** What moved in an account on these days in Asia/Jakarta, both within, by the key of each posting; the oldest first. */
export async function findMoves(handle: Queryable, account: string, days: { from: string; until: string }): Promise<Move[]> {
  const { fromAt, untilAt } = await boundsOf(handle, days.from, days.until)
  const { rows } = await handle.execute<{ key: string; day: string; amount_idr: string }>(sql`
    select t.key, to_char(e.created_at at time zone 'Asia/Jakarta', 'YYYY-MM-DD') as day, e.amount_idr
    from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
    where e.account = ${account} and e.created_at >= ${fromAt.toISOString()}::timestamptz and e.created_at < ${untilAt.toISOString()}::timestamptz order by e.id`)
  return rows.map(({ key, day, amount_idr }) => ({ key, day, amountIdr: Number(amount_idr) }))
}

export type ExportedEntry = { id: number; at: Date; transactionId: string; key: string; flow: string; sessionId: string | null; paymentId: string | null; account: string; amountIdr: number }

const EXPORT_PAGE = 1000

/** Every entry of these days in Asia/Jakarta, by time, read in pages while it is asked for. */
export async function* readEntries(handle: Queryable, days: { from: string; until: string }): AsyncGenerator<ExportedEntry> {
  const { fromAt, untilAt } = await boundsOf(handle, days.from, days.until)
  let last: { at: Date; id: number } | undefined
  for (;;) {
    const after = last === undefined ? undefined : or(gt(ledgerEntries.createdAt, last.at), and(eq(ledgerEntries.createdAt, last.at), gt(ledgerEntries.id, last.id)))
    const rows = await handle
      .select({
        id: ledgerEntries.id, at: ledgerEntries.createdAt, transactionId: ledgerEntries.transactionId, key: ledgerTransactions.key, flow: ledgerTransactions.flow,
        sessionId: ledgerTransactions.sessionId, paymentId: ledgerTransactions.paymentId, account: ledgerEntries.account, amountIdr: ledgerEntries.amountIdr,
      })
      .from(ledgerEntries).innerJoin(ledgerTransactions, eq(ledgerTransactions.id, ledgerEntries.transactionId))
      .where(and(gte(ledgerEntries.createdAt, fromAt), lt(ledgerEntries.createdAt, untilAt), after))
      .orderBy(ledgerEntries.createdAt, ledgerEntries.id).limit(EXPORT_PAGE)
    yield* rows
    if (rows.length < EXPORT_PAGE) return
    last = rows.at(-1)!
  }
}
