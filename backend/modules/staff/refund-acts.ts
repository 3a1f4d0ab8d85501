import { z } from 'zod'
import type { SecondAct } from '../approvals/index.ts'
import { approveRefund, findRefund, planApproval, rejectRefund, settleByHand } from '../refunds/index.ts'

const approvePayload = z.object({ amountIdr: z.int(), clawback: z.boolean(), method: z.enum(['provider', 'manual']) })
const settlePayload = z.object({ outcome: z.enum(['succeeded', 'failed']), reference: z.string() })

export const approveRefundAct: SecondAct = {
  async approve(tx, approval, deciderId) {
    const choice = approvePayload.parse(approval.payload)
    const { refund, plan } = await planApproval(tx, approval.targetId, choice)
    await approveRefund(tx, refund, plan, { decidedBy: deciderId, reason: approval.reason, ...choice })
    return { act: 'refund.approved', details: { paymentId: refund.paymentId, amountIdr: plan.amountIdr } }
  },
  // A customer's request goes on waiting: somebody may decide otherwise on it.
  async refuse(tx, approval) {
    const refund = await findRefund(tx.sql, approval.targetId)
    if (refund?.state === 'requested' && refund.requestedByKind === 'staff') await rejectRefund(tx, refund.id, { reason: 'no second person' })
  },
}

export const settleRefundAct: SecondAct = {
  async approve(tx, approval) {
    const said = settlePayload.parse(approval.payload)
    const refund = await settleByHand(tx, approval.targetId, said)
    return { act: 'refund.settled', details: { paymentId: refund.paymentId, amountIdr: refund.amountIdr, outcome: said.outcome, reference: said.reference } }
  },
}
