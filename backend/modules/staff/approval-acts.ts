import { z } from 'zod'
import type { ApprovalActs } from '../approvals/index.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import { findWalletHold, releaseWallet } from '../ledger/index.ts'
import { openSuspense, resolveSuspense } from '../payments/index.ts'
import { giveCredit, refuseCredit } from '../promotions/index.ts'
import { refundSuspense } from '../refunds/index.ts'
import { approveBatchAct, settlePayoutAct } from './payout-acts.ts'
import { approveRefundAct, settleRefundAct } from './refund-acts.ts'

const releasePayload = z.object({ to: z.enum(['owner', 'suspense']) })
const suspensePayload = z.object({ to: z.enum(['wallet', 'refund', 'revenue']) })

// Whoever was erased has no wallet that it could go to.
async function assertOwnerIsThere(tx: Tx, holdId: string): Promise<void> {
  const hold = await findWalletHold(tx.sql, holdId)
  const owner = hold && (await findPeople(tx.sql, [hold.customerId])).get(hold.customerId)
  if (hold && (!owner || owner.erasedAt !== null)) throw new AppError('conflict', 'The owner is erased: it can only go into suspense.')
}

/** How each act that needs a second person is done once it has one. */
export const approvalActs: ApprovalActs = {
  'refund.approve': approveRefundAct,
  'refund.settle': settleRefundAct,
  'payout_batch.approve': approveBatchAct,
  'payout.settle': settlePayoutAct,
  'credit.give': {
    async approve(tx, approval) {
      const { customerId, amountIdr } = await giveCredit(tx, approval.targetId)
      return { act: 'credit.given', details: { customerId, amountIdr } }
    },
    refuse: (tx, approval) => refuseCredit(tx, approval.targetId),
  },
  'suspense.resolve': {
    async approve(tx, approval, deciderId) {
      const { to } = suspensePayload.parse(approval.payload)
      if (to === 'refund') {
        const refundId = await refundSuspense(tx, approval.targetId, { requestedBy: approval.requestedBy, decidedBy: deciderId, reason: approval.reason })
        return { act: 'suspense.resolved', details: { to, refundId, amountIdr: approval.amountIdr } }
      }
      const { amountIdr } = await resolveSuspense(tx, approval.targetId, to)
      return { act: 'suspense.resolved', details: { to, amountIdr } }
    },
  },
  'wallet.release': {
    async approve(tx, approval) {
      const { to } = releasePayload.parse(approval.payload)
      if (to === 'owner') await assertOwnerIsThere(tx, approval.targetId)
      // Nobody is known any more whose wallet it could go to; the hold says whose number it was.
      const suspend = (amountIdr: number) => openSuspense(tx, { paymentId: null, providerPaymentId: null, customerId: null, amountIdr, reason: 'number_recycled' })
      const released = await releaseWallet(tx, approval.targetId, to === 'owner' ? { to } : { to, suspend })
      return { act: 'wallet.released', details: { to, ...released } }
    },
  },
}
