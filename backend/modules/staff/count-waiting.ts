import type { Ctx } from '../../platform/ctx.ts'
import { countWaiting } from '../approvals/index.ts'
import { countWalletHolds } from '../ledger/index.ts'
import { countInbox, countOpenSuspense } from '../payments/index.ts'
import { countPayoutsForStaff } from '../payouts/index.ts'
import { countRefundsForStaff } from '../refunds/index.ts'

/** How much money waits for a person, by what it is; batches count as payouts. */
export async function countWaitingMoney(ctx: Ctx, staffId: string) {
  const [approvals, refunds, payouts, { parked }, suspense, walletHolds] = await Promise.all([
    countWaiting(ctx.sql, staffId), countRefundsForStaff(ctx.sql), countPayoutsForStaff(ctx.sql), countInbox(ctx.sql), countOpenSuspense(ctx.sql), countWalletHolds(ctx.sql),
  ])
  return { approvals, refunds, payouts: payouts.payouts + payouts.batches, parked, suspense, walletHolds }
}
