import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { GatewayError } from '../../platform/gateways.ts'
import { callBudget } from '../payments/index.ts'
import { flagPayout } from './claim-payout.ts'
import { countPayoutsForStaff } from './queries.ts'
import { settlePayoutAnswer } from './settle-payout.ts'

/** An ask without an answer, or whose answer could not be applied, is made again after this. */
const RETRY_SECONDS = 60

type Due = { id: string; provider_payout_id: string }

const isAskDue = sql`ask_at <= app_now() and state = 'sent' and provider_payout_id is not null`

/** Whether there is anything for `sweepPayoutAsks`. */
export function arePayoutAsksDue(): SQL {
  return sql`(select true from payouts where ${isAskDue} order by ask_at limit 1)`
}

/**
 * Asks the provider about payouts that were sent and whose time has come (`payoutAskSeconds` after that, then as often as
 * its last step says), and does what the answers ask for. Bounded by the budget of calls. Answers how many it asked about.
 */
export async function sweepPayoutAsks(ctx: Ctx, limit = 20): Promise<number> {
  if (!ctx.gateways.payments.enabled) return 0
  const budget = callBudget(ctx)
  const calls = budget.take(limit)
  if (calls === 0) return 0
  const due = await budget.keepFor(calls, claimDue(ctx, calls), ({ length }) => length)
  await Promise.all(due.map((payout) => ask(ctx, payout)))
  return due.length
}

async function claimDue(ctx: Ctx, limit: number): Promise<Due[]> {
  const schedule = [...ctx.settings.get('payoutAskSeconds')]
  const last = schedule.at(-1) ?? RETRY_SECONDS
  const { rows } = await ctx.sql.execute<Due>(sql`
    update payouts set ask_count = ask_count + 1,
      ask_at = greatest(coalesce(sent_at + make_interval(secs => (${sql.param(schedule)}::int[])[ask_count + 2]), app_now() + make_interval(secs => ${last})), app_now() + make_interval(secs => ${RETRY_SECONDS}))
    where id = any(array(
      select id from payouts where ${isAskDue} order by ask_at limit ${limit} for update skip locked))
    returning id, provider_payout_id`)
  return rows
}

async function ask(ctx: Ctx, payout: Due): Promise<void> {
  try {
    const answer = await ctx.gateways.payouts.getPayout(payout.provider_payout_id)
    if (answer) await settlePayoutAnswer(ctx, payout.id, answer)
    else await flagPayout(ctx, payout.id, 'not_at_provider')
  } catch (error) {
    // The gateway has logged its failures; the next ask is due already.
    if (!(error instanceof GatewayError)) ctx.log.error({ err: error, payoutId: payout.id }, 'what the provider answered could not be applied')
  }
}

/** Puts what waits for a person into its metric. */
export async function measurePayouts(ctx: Ctx): Promise<void> {
  const { payouts, batches } = await countPayoutsForStaff(ctx.sql)
  ctx.metrics.moneyNeedsStaff.set({ what: 'payouts' }, payouts)
  ctx.metrics.moneyNeedsStaff.set({ what: 'payout_batches' }, batches)
}
