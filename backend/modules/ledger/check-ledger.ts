import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'

type Problem = { what: string; name: string; difference: string }

/**
 * Derives everything again from the entries: each transaction and the whole sum to zero, balances are their entries'
 * sums, lots are the promotional balances, nobody is below zero. `driftIdr` adds up whatever differs.
 */
export async function checkLedger(handle: Queryable): Promise<{ driftIdr: number; problems: string[] }> {
  const { rows } = await handle.execute<Problem>(sql`
    with by_transaction as (
      select t.id, coalesce(sum(e.amount_idr), 0) as total, count(e.id) as entries
      from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id group by t.id),
    by_account as (select account, sum(amount_idr) as total from ledger_entries group by account),
    persons as (
      select coalesce(a.account, b.account) as account, coalesce(a.total, 0) as total, coalesce(b.balance_idr, 0) as balance
      from (select * from by_account where account ~ '^(customer_wallet|customer_promo|mitra_payable):') a
        full join ledger_balances b using (account)),
    lots as (select 'customer_promo:' || customer_id as account, sum(remaining_idr) as total from promo_lots group by customer_id),
    promos as (
      select coalesce(l.account, p.account) as account, coalesce(l.total, 0) as total, coalesce(p.total, 0) as balance
      from lots l full join (select * from persons where account like 'customer_promo:%') p using (account))
    select 'transaction not zero' as what, id::text as name, total as difference from by_transaction where total <> 0
    union all select 'transaction without entries', id::text, 0 from by_transaction where entries = 0
    union all select 'ledger not zero', 'all', sum(total) from by_account having sum(total) <> 0
    union all select 'balance differs from entries', account, balance - total from persons where balance <> total
    union all select 'lots differ from entries', account, total - balance from promos where balance <> total
    union all select 'below zero', account, 0 from persons where (balance < 0 or total < 0) and account not like 'mitra_payable:%'
    union all select 'escrow below zero', account, 0 from by_account where total < 0 and account like 'session_escrow:%'`)
  return {
    driftIdr: rows.reduce((total, row) => total + Math.abs(Number(row.difference)), 0),
    problems: rows.map((row) => `${row.what}: ${row.name} (${row.difference})`),
  }
}

/** How much there is to check. */
export async function countLedger(handle: Queryable): Promise<{ entries: number; accounts: number }> {
  const { rows } = await handle.execute<{ entries: string; accounts: string }>(sql`select count(*) as entries, count(distinct account) as accounts from ledger_entries`)
  return { entries: Number(rows[0]!.entries), accounts: Number(rows[0]!.accounts) }
}
