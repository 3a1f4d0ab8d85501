import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { account } from './accounts.ts'

export type Today = {
  /** The day in Asia/Jakarta. */
  day: string
  /** What became ours, less what was given back of it. */
  revenueIdr: number
  /** What mitras have earned by sessions and tips. */
  earnedIdr: number
  /** What customers have paid through the provider. */
  receivedIdr: number
}

/** Today's money so far, from the entries themselves: of days that are over closings tell. */
export async function sumToday(handle: Queryable): Promise<Today> {
  const { rows } = await handle.execute<{ day: string; revenue: string; earned: string; received: string }>(sql`
    with today as (select (app_now() at time zone 'Asia/Jakarta')::date as day),
    moved as (
      select e.account, e.amount_idr, t.flow from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
      where e.created_at >= ((select day from today)::timestamp at time zone 'Asia/Jakarta')
        and (e.account in (${account.platformRevenue}, ${account.providerClearing}) or e.account like 'mitra_payable:%'))
    select to_char(day, 'YYYY-MM-DD') as day,
      coalesce((select sum(amount_idr) from moved where account = ${account.platformRevenue}), 0) as revenue,
      coalesce((select sum(amount_idr) from moved where account like 'mitra_payable:%' and flow in ('settlement', 'tip')), 0) as earned,
      coalesce((select -sum(amount_idr) from moved where account = ${account.providerClearing} and amount_idr < 0 and flow in ('payment', 'late_payment', 'surplus', 'tip')), 0) as received
    from today`)
  const row = rows[0]!
  return { day: row.day, revenueIdr: Number(row.revenue), earnedIdr: Number(row.earned), receivedIdr: Number(row.received) }
}

/** Puts the sums of today into the metric. */
export async function measureMoney(ctx: Ctx): Promise<void> {
  const { revenueIdr, earnedIdr, receivedIdr } = await sumToday(ctx.sql)
  ctx.metrics.moneyTodayIdr.set({ what: 'revenue' }, revenueIdr)
  ctx.metrics.moneyTodayIdr.set({ what: 'earned' }, earnedIdr)
  ctx.metrics.moneyTodayIdr.set({ what: 'received' }, receivedIdr)
}
