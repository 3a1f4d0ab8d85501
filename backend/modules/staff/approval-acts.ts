import { z } from 'zod'
import type { ApprovalActs } from '../approvals/index.ts'
import { resolveSuspense } from '../payments/index.ts'

const suspensePayload = z.object({ to: z.enum(['wallet', 'revenue']) })

/** How each act that needs a second person is done once it has one. */
export const approvalActs: ApprovalActs = {
  'suspense.resolve': {
    async approve(tx, approval) {
      const { to } = suspensePayload.parse(approval.payload)
      const { amountIdr } = await resolveSuspense(tx, approval.targetId, to)
      return { act: 'suspense.resolved', details: { to, amountIdr } }
    },
  },
}
