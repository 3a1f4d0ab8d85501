import type { Ctx } from '../../platform/ctx.ts'
import { callBudget } from '../payments/index.ts'
import { findPayouts, settlePayoutAnswer } from '../payouts/index.ts'
import { countParked, type Run } from './park-difference.ts'
import { noteDifference } from './queries.ts'

/** Payouts that are asked about in one comparison. */
const ASKED_MAX = 100

/**
 * Payouts that succeeded lately, asked about once more: a bank may send one back days later, and that word may get lost
 * (those without an outcome are asked about until they have one, see `sweepPayoutAsks`).
 */
export async function comparePayouts(ctx: Ctx, run: Run, since: Date): Promise<void> {
  const { items } = await findPayouts(ctx.sql, { state: 'succeeded', limit: ASKED_MAX })
  for (const payout of items) {
    if (payout.providerPayoutId === null || payout.settledAt === null || payout.settledAt < since) continue
    if (callBudget(ctx).take(1) === 0) return
    const answer = await ctx.gateways.payouts.getPayout(payout.providerPayoutId)
    const settled = answer ? await settlePayoutAnswer(ctx, payout.id, answer) : 'not_at_provider'
    if (settled === 'nothing') continue
    const outcome = settled === 'settled' ? 'healed' : 'parked'
    const isNew = await noteDifference(ctx, run.id, { kind: 'payout', providerId: payout.providerPayoutId, subjectId: payout.id, what: settled === 'settled' ? 'reversed' : settled, outcome })
    if (outcome === 'parked' && isNew) countParked(ctx, run, 'payout')
    if (outcome === 'parked') continue
    run.counts.healed++
    ctx.metrics.reconciliationDifferences.inc({ kind: 'payout', outcome })
  }
}
