import { sql } from '../../platform/drizzle.ts'
import type { Rollup } from '../../platform/rollups.ts'
import { CLASS } from './close-day.ts'

/** What each flow moved in each account of a day; persons' and sessions' accounts as one of their kind. Rupiah. */
export const LEDGER_DAYS: Rollup = {
  name: 'ledger', table: 'ledger_days', columns: ['flow', 'account', 'debit_idr', 'credit_idr'],
  first: sql`select (min(created_at) at time zone 'Asia/Jakarta')::date from ledger_entries`,
  ofDay: (from, until) => sql`
    select flow, account, coalesce(-sum(amount_idr) filter (where amount_idr < 0), 0)::bigint as debit_idr, coalesce(sum(amount_idr) filter (where amount_idr > 0), 0)::bigint as credit_idr
    from (select (select t.flow from ledger_transactions t where t.id = e.transaction_id) as flow, ${CLASS} as account, e.amount_idr
      from ledger_entries e where e.created_at >= ${from} and e.created_at < ${until}) moved group by 1, 2`,
}
