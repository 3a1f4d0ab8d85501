import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { periodOf, rowsOfRollup, type DaysRange, type Grouping } from '../../platform/rollups.ts'
import { LEDGER_DAYS } from './rollups.ts'

/**
 * Rupiah. `grossIdr`: what was settled of sessions, `mitraIdr` and `platformIdr` its parts. `platformNetIdr`: all that moved in
 * the platform's revenue, refunds out of it included. `promotionsIdr`: credit that was given less what came back.
 * `refundsIdr`: decided, less what failed. `receivedIdr`: confirmed by the provider. `feesIdr`: its fees and taxes.
 */
export type RevenueSums = {
  period: string; receivedIdr: number; grossIdr: number; mitraIdr: number; platformIdr: number; platformNetIdr: number; tipsIdr: number
  promotionsIdr: number; refundsIdr: number; feesIdr: number
}

/** What the ledger says of each period. Days in Asia/Jakarta, both within. */
export async function sumRevenue(handle: Queryable, days: DaysRange, group: Grouping): Promise<RevenueSums[]> {
  const { rows } = await handle.execute<RevenueSums>(sql`
    select ${periodOf(group)} as period,
      coalesce(sum(debit_idr) filter (where account = 'provider_clearing' and flow not like 'payout.%' and flow not like 'refund.%' and flow <> 'provider_fee'), 0)::float8 as "receivedIdr",
      coalesce(sum(debit_idr) filter (where flow = 'settlement' and account = 'session_escrow:*'), 0)::float8 as "grossIdr",
      coalesce(sum(credit_idr) filter (where flow = 'settlement' and account = 'mitra_payable:*'), 0)::float8 as "mitraIdr",
      coalesce(sum(credit_idr) filter (where flow = 'settlement' and account = 'platform_revenue'), 0)::float8 as "platformIdr",
      coalesce(sum(credit_idr - debit_idr) filter (where account = 'platform_revenue'), 0)::float8 as "platformNetIdr",
      coalesce(sum(credit_idr) filter (where flow = 'tip' and account = 'mitra_payable:*'), 0)::float8 as "tipsIdr",
      coalesce(sum(debit_idr - credit_idr) filter (where account = 'promotions'), 0)::float8 as "promotionsIdr",
      coalesce(sum(credit_idr - debit_idr) filter (where account = 'refunds_pending' and flow <> 'refund.succeeded'), 0)::float8 as "refundsIdr",
      coalesce(sum(debit_idr - credit_idr) filter (where account in ('provider_fees', 'tax_withheld')), 0)::float8 as "feesIdr"
    from ${await rowsOfRollup(handle, LEDGER_DAYS, days)} r group by 1 order by 1`)
  return rows
}
