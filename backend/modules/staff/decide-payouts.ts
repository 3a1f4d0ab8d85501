import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { holdApproval, type Approval } from '../approvals/index.ts'
import { appendAudit } from '../audit/index.ts'
import { assertPayoutByHand, makeBatch, rejectBatch, submitBatch, type PayoutBatch } from '../payouts/index.ts'
import { askSecond } from './ask-second.ts'
import { auditOf, type By } from './by.ts'

/** Gathers what waits to be paid out. Moves no money: that takes a second person. */
export async function makePayoutBatch(ctx: Ctx, by: By, kind: PayoutBatch['kind'], requestKey: string): Promise<PayoutBatch> {
  return transact(ctx, async (tx) => {
    const { batch, isNew } = await makeBatch(tx, { kind, staffId: by.staffId, requestKey })
    if (isNew) await appendAudit(tx, { ...auditOf(by), act: 'payout_batch.made', targetType: 'payout_batch', targetId: batch.id, details: { kind, payouts: batch.payouts, amountIdr: batch.amountIdr } })
    return batch
  })
}

/** Hands a batch in; it is paid out when somebody else approves it. */
export async function submitPayoutBatch(ctx: Ctx, by: By, id: string, reason: string): Promise<Approval> {
  return transact(ctx, async (tx) => {
    await holdApproval(tx, 'payout_batch.approve', id)
    const batch = await submitBatch(tx, id)
    return askSecond(tx, by, { act: 'payout_batch.approve', targetType: 'payout_batch', targetId: id, amountIdr: batch.amountIdr, payload: { payouts: batch.payouts }, reason })
  })
}

export async function rejectPayoutBatch(ctx: Ctx, by: By, id: string, reason: string): Promise<PayoutBatch> {
  return transact(ctx, async (tx) => {
    const batch = await rejectBatch(tx, id)
    await appendAudit(tx, { ...auditOf(by), act: 'payout_batch.rejected', targetType: 'payout_batch', targetId: id, reason, details: { payouts: batch.payouts, amountIdr: batch.amountIdr } })
    return batch
  })
}

/** What the provider really did with a payout that stands still or contradicts: two persons say so, always. */
export async function askToSettlePayout(ctx: Ctx, by: By, id: string, said: { outcome: 'succeeded' | 'failed' | 'reversed'; reference: string; reason: string }): Promise<Approval> {
  return transact(ctx, async (tx) => {
    await holdApproval(tx, 'payout.settle', id)
    const payout = await assertPayoutByHand(tx, id, said.outcome)
    return askSecond(tx, by, {
      act: 'payout.settle', targetType: 'payout', targetId: id, amountIdr: payout.amountIdr, payload: { outcome: said.outcome, reference: said.reference }, reason: said.reason,
    })
  })
}
