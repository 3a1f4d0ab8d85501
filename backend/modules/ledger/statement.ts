import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Cell } from '../../platform/csv.ts'
import { account } from './accounts.ts'
import type { WalletStatement } from './contract.ts'
import { walletBegins } from './wallet-holds.ts'

type Moved = { at: string; account: string; flow: string; session_id: string | null; payment_id: string | null; amount_idr: string }

/**
 * A customer's month in Asia/Jakarta (this one unless told otherwise), wallet and credit: what stood there, what moved, what
 * stands there then. What an earlier owner of the number left has been moved away, and moves nothing here.
 */
export async function showWalletStatement(ctx: Ctx, customerId: string, asked: string | undefined): Promise<WalletStatement> {
  const month = asked ?? await thisMonth(ctx)
  const [wallet, promo] = [account.wallet(customerId), account.promo(customerId)]
  const names = sql`(${wallet}, ${promo})`
  const fromAt = sql`(${`${month}-01`}::date::timestamp at time zone 'Asia/Jakarta')`
  const untilAt = sql`((${`${month}-01`}::date + interval '1 month') at time zone 'Asia/Jakarta')`
  const begins = walletBegins(customerId)
  const { rows: before } = await ctx.sql.execute<{ account: string; opening: string }>(sql`
    select account, sum(amount_idr) as opening from ledger_entries where account in ${names} and (created_at < ${fromAt} or created_at <= ${begins}) group by account`)
  const { rows } = await ctx.sql.execute<Moved>(sql`
    select e.created_at as at, e.account, t.flow, t.session_id, t.payment_id, e.amount_idr from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
    where e.account in ${names} and e.created_at >= ${fromAt} and e.created_at < ${untilAt} and e.created_at > ${begins} order by e.created_at, e.id`)
  const items = rows.map((row) => ({
    at: new Date(row.at).toISOString(), kind: row.account === wallet ? 'wallet' as const : 'promo' as const, flow: row.flow, amountIdr: Number(row.amount_idr),
    sessionId: row.session_id, paymentId: row.payment_id,
  }))
  const openingOf = (name: string) => Number(before.find((row) => row.account === name)?.opening ?? 0)
  const closingOf = (kind: 'wallet' | 'promo', openingIdr: number) => items.filter((item) => item.kind === kind).reduce((sum, item) => sum + item.amountIdr, openingIdr)
  const opening = { walletIdr: openingOf(wallet), promoIdr: openingOf(promo) }
  return { month, opening, closing: { walletIdr: closingOf('wallet', opening.walletIdr), promoIdr: closingOf('promo', opening.promoIdr) }, items }
}

async function thisMonth(ctx: Ctx): Promise<string> {
  const { rows } = await ctx.sql.execute<{ month: string }>(sql`select to_char(app_now() at time zone 'Asia/Jakarta', 'YYYY-MM') as month`)
  return rows[0]!.month
}

export const STATEMENT_HEADER = ['at', 'what', 'kind', 'session', 'payment', 'amount_idr', 'wallet_idr', 'promo_idr'] as const

/** The same as lines: both balances go along, from the opening to the closing. */
export function* statementLines(statement: WalletStatement): Generator<readonly Cell[]> {
  let { walletIdr, promoIdr } = statement.opening
  yield [null, 'opening', null, null, null, null, walletIdr, promoIdr]
  for (const item of statement.items) {
    if (item.kind === 'wallet') walletIdr += item.amountIdr
    else promoIdr += item.amountIdr
    yield [item.at, item.flow, item.kind, item.sessionId, item.paymentId, item.amountIdr, walletIdr, promoIdr]
  }
  yield [null, 'closing', null, null, null, null, statement.closing.walletIdr, statement.closing.promoIdr]
}
