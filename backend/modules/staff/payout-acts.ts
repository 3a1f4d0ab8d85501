import { z } from 'zod'
import type { SecondAct } from '../approvals/index.ts'
import { approveBatch, reopenBatch, settlePayoutByHand } from '../payouts/index.ts'

const settlePayload = z.object({ outcome: z.enum(['succeeded', 'failed', 'reversed']), reference: z.string() })

export const approveBatchAct: SecondAct = {
  async approve(tx, approval) {
    const { payouts, amountIdr } = await approveBatch(tx, approval.targetId, approval.amountIdr)
    return { act: 'payout_batch.approved', details: { payouts, amountIdr } }
  },
  refuse: (tx, approval) => reopenBatch(tx, approval.targetId),
}

export const settlePayoutAct: SecondAct = {
  async approve(tx, approval) {
    const said = settlePayload.parse(approval.payload)
    const { payout, from } = await settlePayoutByHand(tx, approval.targetId, { ...said, by: approval.id })
    return { act: 'payout.settled', details: { mitraId: payout.mitraId, amountIdr: payout.amountIdr, from, outcome: said.outcome, reference: said.reference } }
  },
}
