import type { Ctx } from '../../platform/ctx.ts'
import { findPendingApprovals } from '../approvals/index.ts'
import { findPeople, maskName } from '../identity/index.ts'
import { refundActs, type Refund } from '../refunds/index.ts'
import type { By } from './by.ts'
import { findStaffNames } from './queries.ts'
import type { StaffRefund } from './refund-contract.ts'
import { mayAct, seesMasked } from './roles.ts'

type Waits = { approving: boolean; settling: boolean }

/** Refunds with whose they are and what `by` may do with each as it stands, in the same order. */
export async function showRefunds(ctx: Ctx, by: Pick<By, 'staffId' | 'role'>, rows: readonly Refund[]): Promise<StaffRefund[]> {
  const ids = rows.map((row) => row.id)
  const [people, names, approving, settling] = await Promise.all([
    findPeople(ctx.sql, rows.map((row) => row.customerId)), findStaffNames(ctx.sql, rows.flatMap((row) => [row.requestedBy, row.decidedBy ?? []].flat())),
    findPendingApprovals(ctx.sql, 'refund.approve', ids), findPendingApprovals(ctx.sql, 'refund.settle', ids),
  ])
  const nameOf = (customerId: string) => {
    const name = people.get(customerId)?.displayName ?? null
    return name !== null && seesMasked(by.role) ? maskName(name) : name
  }
  return rows.map((refund) => ({
    ...refund, createdAt: refund.requestedAt.toISOString(), approvedAt: refund.approvedAt?.toISOString() ?? null, sentAt: refund.sentAt?.toISOString() ?? null,
    settledAt: refund.settledAt?.toISOString() ?? null, customerName: nameOf(refund.customerId),
    requestedByName: refund.requestedByKind === 'customer' ? nameOf(refund.customerId) : names.get(refund.requestedBy) ?? null,
    decidedByName: refund.decidedBy === null ? null : names.get(refund.decidedBy) ?? null,
    acts: actsOf(by, refund, { approving: approving.has(refund.id), settling: settling.has(refund.id) }),
    approvalId: (approving.get(refund.id) ?? settling.get(refund.id))?.id ?? null,
  }))
}

// What waits for a second person is decided there; nobody grants what they asked for.
function actsOf(by: Pick<By, 'staffId' | 'role'>, refund: Refund, { approving, settling }: Waits): StaffRefund['acts'] {
  if (!mayAct(by.role, 'refunds.decide') || approving || settling) return []
  return refundActs(refund).filter((act) => act !== 'approve' || refund.requestedBy !== by.staffId)
}
