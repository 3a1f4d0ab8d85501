import { judgeByHand, type Outcome } from './rules.ts'
import type { Payout } from './tables.ts'

const OUTCOMES: readonly Outcome[] = ['succeeded', 'failed', 'reversed']

/** What persons may say the provider really did with a payout as it stands; nothing, where it waits for nobody. */
export function payoutOutcomes(payout: Pick<Payout, 'state' | 'sentAt' | 'needsStaff'>): Outcome[] {
  if (payout.needsStaff === null) return []
  return OUTCOMES.filter((outcome) => judgeByHand({ state: payout.state, wasSent: payout.sentAt !== null }, outcome) !== undefined)
}
