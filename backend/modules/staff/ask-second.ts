import type { Tx } from '../../platform/ctx.ts'
import { requestApproval, type Approval, type NewApproval } from '../approvals/index.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'

/** Asks for a second person and writes it down; the last thing of its transaction. */
export async function askSecond(tx: Tx, by: By, wanted: Omit<NewApproval, 'requestedBy'>): Promise<Approval> {
  const { isNew, ...approval } = await requestApproval(tx, { ...wanted, requestedBy: by.staffId })
  if (!isNew) return approval
  await appendAudit(tx, {
    ...auditOf(by), act: 'approval.requested', targetType: wanted.targetType, targetId: wanted.targetId, reason: wanted.reason,
    details: { approvalId: approval.id, act: wanted.act, amountIdr: wanted.amountIdr },
  })
  return approval
}

/** What an act answers that waits for a second person now. */
export function secondOf({ id, state }: Pick<Approval, 'id' | 'state'>) {
  return { approval: { id, state } }
}
