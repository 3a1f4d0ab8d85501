import { and, desc, eq, gt, inArray, lt, sql, sum, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { account } from './accounts.ts'
import { ledgerBalances, ledgerEntries, ledgerTransactions, promoLots } from './tables.ts'
import { walletBegins } from './wallet-holds.ts'
import type { AccountEntry, Page, Paged, Wallet } from './types.ts'

/** The flow that was posted under this key, if one was. */
export async function findPosting(handle: Queryable, key: string): Promise<{ flow: string } | undefined> {
  const [row] = await handle.select({ flow: ledgerTransactions.flow }).from(ledgerTransactions).where(eq(ledgerTransactions.key, key))
  return row
}

/** What was posted of these payments between us and the provider (its clearing account): rupiah that it owes us, by the postings' keys. */
export async function sumClearing(handle: Queryable, paymentIds: readonly string[]): Promise<{ paymentId: string; key: string; totalIdr: number }[]> {
  if (paymentIds.length === 0) return []
  const rows = await handle.select({ paymentId: ledgerTransactions.paymentId, key: ledgerTransactions.key, total: sum(ledgerEntries.amountIdr) })
    .from(ledgerTransactions).innerJoin(ledgerEntries, eq(ledgerEntries.transactionId, ledgerTransactions.id))
    .where(and(isAnyOf(ledgerTransactions.paymentId, paymentIds), eq(ledgerEntries.account, account.providerClearing))).groupBy(ledgerTransactions.id)
  return rows.map((row) => ({ paymentId: row.paymentId!, key: row.key, totalIdr: -Number(row.total) }))
}

export type SessionPosting = { key: string; flow: string; paymentId: string | null; at: Date; entries: { account: string; amountIdr: number }[] }

/** Everything that was posted for a session, the oldest first. */
export async function findPostingsOfSession(handle: Queryable, sessionId: string): Promise<SessionPosting[]> {
  const rows = await handle
    .select({ key: ledgerTransactions.key, flow: ledgerTransactions.flow, paymentId: ledgerTransactions.paymentId, at: ledgerTransactions.createdAt, account: ledgerEntries.account, amountIdr: ledgerEntries.amountIdr })
    .from(ledgerTransactions).innerJoin(ledgerEntries, eq(ledgerEntries.transactionId, ledgerTransactions.id))
    .where(eq(ledgerTransactions.sessionId, sessionId)).orderBy(ledgerEntries.id)
  const postings = new Map<string, SessionPosting>()
  for (const { key, flow, paymentId, at, ...entry } of rows) {
    const posting = postings.get(key) ?? { key, flow, paymentId, at, entries: [] }
    posting.entries.push(entry)
    postings.set(key, posting)
  }
  return [...postings.values()]
}

/** What an account holds, in rupiah; of any account, by its entries. */
export async function sumAccount(handle: Queryable, name: string): Promise<number> {
  return (await sumAccounts(handle, [name])).get(name) ?? 0
}

/** The same for several; an account without entries holds 0. */
export async function sumAccounts(handle: Queryable, names: readonly string[]): Promise<Map<string, number>> {
  const sums = new Map(names.map((name) => [name, 0]))
  if (names.length === 0) return sums
  const rows = await handle.select({ account: ledgerEntries.account, total: sum(ledgerEntries.amountIdr) })
    .from(ledgerEntries).where(inArray(ledgerEntries.account, [...names])).groupBy(ledgerEntries.account)
  for (const row of rows) sums.set(row.account, Number(row.total))
  return sums
}

/** A customer's wallet and the promotional credit that can be used now, the soonest to expire first. */
export async function findWallet(handle: Queryable, customerId: string): Promise<Wallet> {
  const [balance] = await handle.select({ balanceIdr: ledgerBalances.balanceIdr })
    .from(ledgerBalances).where(eq(ledgerBalances.account, account.wallet(customerId)))
  const lots = await handle.select({ amountIdr: promoLots.remainingIdr, expiresAt: promoLots.expiresAt }).from(promoLots)
    .where(and(eq(promoLots.customerId, customerId), gt(promoLots.remainingIdr, 0), gt(promoLots.expiresAt, sql`app_now()`)))
    .orderBy(promoLots.expiresAt, promoLots.id)
  return { balanceIdr: balance?.balanceIdr ?? 0, promoIdr: lots.reduce((total, lot) => total + lot.amountIdr, 0), lots }
}

/** What moved in a customer's wallet and promotional credit, the newest first; nothing of an earlier owner of their number. */
export function findWalletEntries(handle: Queryable, customerId: string, page: Page): Promise<Paged<AccountEntry>> {
  return findEntries(handle, [account.wallet(customerId), account.promo(customerId)], page, sql`${ledgerEntries.createdAt} > ${walletBegins(customerId)}`)
}

/** What moved in what a mitra is owed, the newest first; nothing of an earlier owner of their number. */
export function findPayableEntries(handle: Queryable, mitraId: string, page: Page): Promise<Paged<AccountEntry>> {
  return findEntries(handle, [account.payable(mitraId)], page, sql`${ledgerEntries.createdAt} > ${walletBegins(mitraId)}`)
}

async function findEntries(handle: Queryable, names: readonly string[], page: Page, also?: SQL): Promise<Paged<AccountEntry>> {
  const before = page.cursor === undefined ? undefined : lt(ledgerEntries.id, Number(page.cursor))
  const rows = await handle
    .select({
      id: ledgerEntries.id, account: ledgerEntries.account, flow: ledgerTransactions.flow, amountIdr: ledgerEntries.amountIdr,
      sessionId: ledgerTransactions.sessionId, paymentId: ledgerTransactions.paymentId, at: ledgerEntries.createdAt,
    })
    .from(ledgerEntries).innerJoin(ledgerTransactions, eq(ledgerTransactions.id, ledgerEntries.transactionId))
    .where(and(inArray(ledgerEntries.account, [...names]), before, also))
    .orderBy(desc(ledgerEntries.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit).map((row) => ({ ...row, id: String(row.id) }))
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}
