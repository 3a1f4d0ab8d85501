import { and, eq, gt, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { lockPayout } from './queries.ts'
import { judgeByHand, type Outcome } from './rules.ts'
import { settlePayout } from './settle-payout.ts'
import { payouts, type Payout } from './tables.ts'

/** Whether persons may say this of it. Throws `not_found`, and `conflict` where nobody has to or it cannot have happened. */
export async function assertPayoutByHand(tx: Tx, payoutId: string, outcome: Outcome): Promise<Payout> {
  const payout = await lockPayout(tx, payoutId)
  if (!payout) throw new AppError('not_found', 'no such payout')
  if (payout.needsStaff === null) throw new AppError('conflict', 'This payout waits for nobody.')
  movesOf(payout, outcome)
  return payout
}

/**
 * What two persons say the provider really did with a payout that stands still or contradicts; `said.by` names their
 * word. Its money goes where that says, also out of what its mitra is owed now. Throws as `assertPayoutByHand`.
 */
export async function settlePayoutByHand(tx: Tx, payoutId: string, said: { outcome: Outcome; reference: string; by: string }): Promise<{ payout: Payout; from: Payout['state'] }> {
  const before = await assertPayoutByHand(tx, payoutId, said.outcome)
  if (await isClaimed(tx, payoutId)) throw new AppError('conflict', 'The provider is being asked: try again in a minute.')
  const payout = await settlePayout(tx, before, { outcome: said.outcome, by: said.by, ...movesOf(before, said.outcome) }, {
    id: null, status: 'by_hand', failureCode: before.failureCode ?? 'by_hand', reference: said.reference,
  })
  return { payout, from: before.state }
}

function movesOf(payout: Payout, outcome: Outcome) {
  const moves = judgeByHand({ state: payout.state, wasSent: payout.sentAt !== null }, outcome)
  if (!moves) throw new AppError('conflict', `A payout that was never sent cannot have ${outcome}.`)
  return moves
}

// Who has claimed it may be making it at this moment; a claim of a process that died runs out.
async function isClaimed(tx: Tx, payoutId: string): Promise<boolean> {
  const [row] = await tx.sql.select({ id: payouts.id }).from(payouts).where(and(eq(payouts.id, payoutId), gt(payouts.claimedUntil, sql`app_now()`)))
  return row !== undefined
}
