import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { flagPayout, readSucceeded, settlePayoutAnswer } from '../payouts/index.ts'
import { askEach } from './ask-each.ts'
import { note } from './park-difference.ts'
import { unlessUnreadable, type Run } from './run.ts'

/**
 * Payouts that succeeded in the last `reconcilePayoutDays`, asked about once more: a bank may send one back days later,
 * and that word may get lost (those without an outcome are asked about until they have one, see `sweepPayoutAsks`).
 */
export async function comparePayouts(ctx: Ctx, run: Run): Promise<string | undefined> {
  return askEach(ctx, run, {
    part: 'payouts', pages: readSucceeded(ctx.sql, { days: ctx.settings.get('reconcilePayoutDays') }),
    async ask({ id, providerPayoutId }) {
      const answer = await unlessUnreadable(ctx.gateways.payouts.getPayout(providerPayoutId))
      const settled = answer === 'unreadable' ? answer : answer ? await settlePayoutAnswer(ctx, id, answer) : 'not_at_provider'
      if (settled === 'nothing') return
      if (settled === 'not_at_provider') await flagPayout(ctx, id, settled)
      const found = { kind: 'payout', providerId: providerPayoutId, subjectId: id } as const
      await transact(ctx, (tx) => note(tx, run, [settled === 'settled' ? { ...found, what: 'reversed', outcome: 'healed' } : { ...found, what: settled, outcome: 'parked' }]))
    },
  })
}
