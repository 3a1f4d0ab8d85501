import { and, asc, desc, eq, gt, lt, ne, sql, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { account } from './accounts.ts'
import { ledgerBalances, promoLots, walletHolds } from './tables.ts'

export type WalletHold = typeof walletHolds.$inferSelect & { walletIdr: number; promoIdr: number; /** What a mitra was owed. */ earningsIdr: number }

// What stands there now: an old payment may have been refunded out of it, credit may have expired. The hold's own column
// by its full name: alone in a select it would be written without its table, and be the inner one's.
const holdId = sql.raw('wallet_holds.id')
const walletIdr = sql<number>`coalesce((select b.balance_idr from ${ledgerBalances} b where b.account = 'customer_wallet:' || ${holdId}), 0)`.mapWith(Number)
const promoIdr = sql<number>`coalesce((select sum(l.remaining_idr) from ${promoLots} l where l.customer_id = ${holdId}), 0)`.mapWith(Number)
const earningsIdr = sql<number>`coalesce((select b.balance_idr from ${ledgerBalances} b where b.account = 'mitra_payable:' || ${holdId}), 0)`.mapWith(Number)
const waits = sql`${walletHolds.state} = 'held' and (${walletIdr} > 0 or ${promoIdr} > 0 or ${earningsIdr} > 0)`

/** Wallets of recycled numbers in which something waits, or that staff have placed; the newest first. `cursor` is the last id of the page before. */
export async function findWalletHolds(handle: Queryable, page: { state?: WalletHold['state'] | undefined; cursor?: string | undefined; limit: number }): Promise<{ items: WalletHold[]; nextCursor: string | null }> {
  const rows = await select(handle, and(
    page.state === undefined ? undefined : eq(walletHolds.state, page.state), page.cursor === undefined ? undefined : lt(walletHolds.id, page.cursor),
    sql`(${walletHolds.state} <> 'held' or ${waits})`,
  )).orderBy(desc(walletHolds.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

export async function findWalletHold(handle: Queryable, id: string): Promise<WalletHold | undefined> {
  return (await select(handle, eq(walletHolds.id, id)))[0]
}

/** These holds, by id. */
export async function findWalletHoldsById(handle: Queryable, ids: readonly string[]): Promise<Map<string, WalletHold>> {
  if (ids.length === 0) return new Map()
  return new Map((await select(handle, isAnyOf(walletHolds.id, ids))).map((hold) => [hold.id, hold]))
}

/** How many wallets of recycled numbers wait for staff. */
export async function countWalletHolds(handle: Queryable): Promise<number> {
  return handle.$count(walletHolds, waits)
}

/**
 * The account of what a customer paid at `at`: their wallet; where their number has had a new owner since, the wallet that
 * is held for staff, and nobody places that one until the commit. Undefined: staff have placed it, and it takes nothing any more.
 */
export async function findWalletAccount(handle: Queryable, customerId: string, at: Date): Promise<string | undefined> {
  const [hold] = await handle.select({ id: walletHolds.id, state: walletHolds.state }).from(walletHolds)
    .where(and(eq(walletHolds.customerId, customerId), gt(walletHolds.heldAt, at), ne(walletHolds.state, 'released'))).orderBy(asc(walletHolds.heldAt)).limit(1).for('share')
  if (!hold) return account.wallet(customerId)
  return hold.state === 'held' ? account.wallet(hold.id) : undefined
}

/** From when on what moved in this customer's wallet is theirs to see, as an expression. */
export function walletBegins(customerId: string): SQL {
  return sql`coalesce((select max(held_at) from wallet_holds where customer_id = ${customerId}), '-infinity')`
}

function select(handle: Queryable, condition: SQL | undefined) {
  return handle.select({
    id: walletHolds.id, customerId: walletHolds.customerId, heldAt: walletHolds.heldAt, state: walletHolds.state, settledAt: walletHolds.settledAt,
    suspenseId: walletHolds.suspenseId, walletIdr, promoIdr, earningsIdr,
  }).from(walletHolds).where(condition)
}
