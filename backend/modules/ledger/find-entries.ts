import { and, eq, gt, gte, lte, sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { isPersonsAccount } from './accounts.ts'
import { ledgerBalances, ledgerEntries, ledgerTransactions } from './tables.ts'

/** `balanceIdr`: what stood in the account after it. */
export type RunningEntry = {
  id: number; transactionId: string; key: string; flow: string; sessionId: string | null; paymentId: string | null; amountIdr: number; balanceIdr: number; at: Date
}
export type AccountPage = { account: string; balanceIdr: number; items: RunningEntry[]; nextCursor: string | null }

const CURSOR = /^(\d{1,15}):(-?\d{1,16})$/

/** Whether a page of an account's entries can begin there. */
export function isEntryCursor(text: string): boolean {
  return CURSOR.test(text)
}

/**
 * An account's entries with the balance after each, the newest first. The cursor carries the balance along: what was
 * read once never changes, and nothing has to be summed again from the beginning.
 */
export async function findAccountEntries(handle: Queryable, account: string, page: { cursor?: string | undefined; limit: number }): Promise<AccountPage> {
  const [, before, carried] = CURSOR.exec(page.cursor ?? '') ?? []
  // One statement: the balance and the entries are of one moment.
  const { rows } = await handle.execute<{ balance: string; entries: Row[] | null }>(sql`
    with shown as (
      select e.id, e.transaction_id, t.key, t.flow, t.session_id, t.payment_id, e.amount_idr, e.created_at
      from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
      where e.account = ${account} and ${before === undefined ? sql`true` : sql`e.id < ${Number(before)}`} order by e.id desc limit ${page.limit + 1})
    select ${balanceOf(account)} as balance, (select json_agg(shown order by id desc) from shown) as entries`)
  const [found] = rows
  const balanceIdr = Number(found!.balance)
  let after = carried === undefined ? balanceIdr : Number(carried)
  const entries = (found!.entries ?? []).map((row) => {
    const entry = {
      id: row.id, transactionId: row.transaction_id, key: row.key, flow: row.flow, sessionId: row.session_id, paymentId: row.payment_id,
      amountIdr: row.amount_idr, balanceIdr: after, at: new Date(row.created_at),
    }
    after -= entry.amountIdr
    return entry
  })
  const items = entries.slice(0, page.limit)
  const last = items.at(-1)
  return { account, balanceIdr, items, nextCursor: entries.length > page.limit && last ? `${last.id}:${last.balanceIdr - last.amountIdr}` : null }
}

type Row = { id: number; transaction_id: string; key: string; flow: string; session_id: string | null; payment_id: string | null; amount_idr: number; created_at: string }

/** Persons' balances have a row; shared accounts go on from the last closed day; the others have a handful of entries. */
function balanceOf(account: string): SQL {
  if (isPersonsAccount(account)) return sql`coalesce((select balance_idr from ledger_balances where account = ${account}), 0)`
  const own = sql`coalesce((select sum(amount_idr) from ledger_entries where account = ${account}`
  if (account.includes(':')) return sql`${own}), 0)`
  const closed = sql`select until_at, accounts from daily_closings order by day desc limit 1`
  return sql`${own} and created_at >= coalesce((select until_at from (${closed}) c), '-infinity')), 0)
    + coalesce((select (s ->> 'closingIdr')::bigint from (${closed}) c, jsonb_array_elements(c.accounts) s where s ->> 'account' = ${account}), 0)`
}

const EXPORT_PAGE = 1000

/** The same from the first on, the whole of it, read in pages while it is asked for. */
export async function* readAccountEntries(handle: Queryable, account: string): AsyncGenerator<RunningEntry> {
  let [last, balanceIdr] = [0, 0]
  for (;;) {
    const rows = await handle
      .select({
        id: ledgerEntries.id, transactionId: ledgerEntries.transactionId, key: ledgerTransactions.key, flow: ledgerTransactions.flow,
        sessionId: ledgerTransactions.sessionId, paymentId: ledgerTransactions.paymentId, amountIdr: ledgerEntries.amountIdr, at: ledgerEntries.createdAt,
      })
      .from(ledgerEntries).innerJoin(ledgerTransactions, eq(ledgerTransactions.id, ledgerEntries.transactionId))
      .where(and(eq(ledgerEntries.account, account), gt(ledgerEntries.id, last))).orderBy(ledgerEntries.id).limit(EXPORT_PAGE)
    for (const row of rows) yield { ...row, balanceIdr: balanceIdr += row.amountIdr }
    if (rows.length < EXPORT_PAGE) return
    last = rows.at(-1)!.id
  }
}

export type PersonsKind = 'customer_wallet' | 'customer_promo' | 'mitra_payable'
const [LEAST, MOST] = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

/** Persons' accounts of a kind with their balances, by name. `cursor` is the last name of the page before. */
export async function findBalances(handle: Queryable, { kind, cursor, limit }: { kind: PersonsKind; cursor?: string | undefined; limit: number }): Promise<{ items: { account: string; balanceIdr: number }[]; nextCursor: string | null }> {
  const rows = await handle.select().from(ledgerBalances)
    .where(and(cursor === undefined ? gte(ledgerBalances.account, `${kind}:${LEAST}`) : gt(ledgerBalances.account, cursor), lte(ledgerBalances.account, `${kind}:${MOST}`)))
    .orderBy(ledgerBalances.account).limit(limit + 1)
  const items = rows.slice(0, limit)
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.account : null }
}
