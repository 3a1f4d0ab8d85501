import type { Ctx } from '../../platform/ctx.ts'
import { decideApproval, type Approval } from '../approvals/index.ts'
import { appendAudit } from '../audit/index.ts'
import { approvalActs } from './approval-acts.ts'
import { auditOf, type By } from './by.ts'

/** Approves or rejects what somebody else asked for; the decision and what it did are audited. */
export async function decideAsSecond(ctx: Ctx, by: By, id: string, decision: 'approved' | 'rejected', reason: string | undefined): Promise<Approval> {
  return decideApproval(ctx, { id, staffId: by.staffId, decision, reason }, {
    acts: approvalActs,
    async audit(tx, approval, done) {
      const target = { ...auditOf(by), targetType: approval.targetType, targetId: approval.targetId }
      await appendAudit(tx, {
        ...target, act: `approval.${decision}`, reason, details: { approvalId: approval.id, act: approval.act, amountIdr: approval.amountIdr, requestedBy: approval.requestedBy },
      })
      if (done) await appendAudit(tx, { ...target, act: done.act, reason: approval.reason, details: { ...done.details, approvalId: approval.id } })
    },
  })
}
