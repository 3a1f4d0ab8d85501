import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPendingApprovals, holdApproval, type Approval } from '../approvals/index.ts'
import { appendAudit } from '../audit/index.ts'
import {
  approveRefund, assertByHand, findRefund, insertRefund, onceByKey, planApproval, planRefund, rejectRefund, retryRefund, type Choice, type Refund,
} from '../refunds/index.ts'
import { askSecond } from './ask-second.ts'
import { auditOf, type By } from './by.ts'
import { mayAct } from './roles.ts'

/** The refund, and what waits for a second person where it needs one. */
export type Decided = { refund: Refund; approval?: Approval | undefined }
type NewRefund = { paymentId: string; amountIdr?: number | undefined; clawback: boolean; method: 'provider' | 'manual'; reason: string }

/**
 * A member of staff wants money given back: whoever may decide does it at once or, where it needs two, asks for the
 * second; whoever may only ask leaves a request. The same key answers the first refund.
 */
export async function refundByStaff(ctx: Ctx, by: By, wanted: NewRefund, requestKey: string): Promise<Decided> {
  const refund = await onceByKey(ctx, { paymentId: wanted.paymentId, requestedBy: by.staffId, requestKey }, async (tx) => {
    const plan = await planRefund(tx, wanted)
    const made = await insertRefund(tx, plan.payment, {
      reason: wanted.reason, requestedBy: by.staffId, requestedByKind: 'staff', requestKey, amountIdr: plan.amountIdr, clawback: wanted.clawback, method: wanted.method,
    })
    if (!mayAct(by.role, 'refunds.decide')) {
      await audit(tx, by, 'refund.requested', made, { amountIdr: plan.amountIdr, reason: wanted.reason })
      return made
    }
    return (await decide(tx, by, made, plan, { reason: wanted.reason, clawback: wanted.clawback, method: wanted.method })).refund
  })
  return { refund, approval: (await findPendingApprovals(ctx.sql, 'refund.approve', [refund.id])).get(refund.id) }
}

/** Decides on a refund that waits. Repeating one's own decision answers what became of it. */
export async function approveByStaff(ctx: Ctx, by: By, refundId: string, choice: Choice & { reason?: string | undefined }): Promise<Decided> {
  return transact(ctx, async (tx) => {
    const waiting = await holdApproval(tx, 'refund.approve', refundId)
    const seen = await findRefund(tx.sql, refundId)
    if (seen && seen.state !== 'requested' && seen.state !== 'cancelled' && seen.decidedBy === by.staffId) return { refund: seen }
    if (seen?.requestedBy === by.staffId) throw new AppError('approval_self', 'Somebody else decides on what you asked for.')
    if (waiting && waiting.requestedBy !== by.staffId) throw new AppError('approval_required', 'It waits for a second person: decide on its approval.')
    const { refund, plan } = await planApproval(tx, refundId, choice)
    if (waiting && !plan.needsSecond) throw new AppError('conflict', 'You have asked for something else about this, and it waits for a second person.')
    return decide(tx, by, refund, plan, choice)
  })
}

type Planned = Awaited<ReturnType<typeof planRefund>>

async function decide(tx: Tx, by: By, refund: Refund, plan: Planned, choice: Choice & { reason?: string | undefined }): Promise<Decided> {
  const { clawback = refund.clawback, method = refund.method, reason = refund.reason } = choice
  if (plan.needsSecond) {
    const approval = await askSecond(tx, by, {
      act: 'refund.approve', targetType: 'refund', targetId: refund.id, amountIdr: plan.amountIdr, payload: { amountIdr: plan.amountIdr, clawback, method }, reason,
    })
    return { refund, approval }
  }
  const approved = await approveRefund(tx, refund, plan, { decidedBy: by.staffId, reason, clawback, method })
  await audit(tx, by, 'refund.approved', approved, { amountIdr: plan.amountIdr, reason })
  return { refund: approved }
}

/** Not granted, or taken back before the provider was asked. */
export async function rejectByStaff(ctx: Ctx, by: By, refundId: string, reason: string): Promise<Refund> {
  return transact(ctx, async (tx) => {
    if (await holdApproval(tx, 'refund.approve', refundId)) throw new AppError('approval_required', 'It waits for a second person: decide on its approval.')
    const rejected = await rejectRefund(tx, refundId, { decidedBy: by.staffId, reason })
    await assertNotSettling(tx, refundId)
    await audit(tx, by, 'refund.rejected', rejected, { reason })
    return rejected
  })
}

/** The provider is asked again for what it refused. */
export async function retryByStaff(ctx: Ctx, by: By, refundId: string, reason: string): Promise<Refund> {
  return transact(ctx, async (tx) => {
    const again = await retryRefund(tx, refundId)
    await assertNotSettling(tx, refundId)
    await audit(tx, by, 'refund.retried', again, { reason })
    return again
  })
}

// Read once the refund's row is locked, as it is by whoever asks: money that was given by hand is not given another way.
async function assertNotSettling(tx: Tx, refundId: string): Promise<void> {
  if ((await findPendingApprovals(tx.sql, 'refund.settle', [refundId])).size > 0) throw new AppError('conflict', 'What became of it waits for a second person.')
}

/** What became of a refund that the provider does not do: two persons say so, always. */
export async function askToSettle(ctx: Ctx, by: By, refundId: string, said: { outcome: 'succeeded' | 'failed'; reference: string; reason: string }): Promise<Approval> {
  return transact(ctx, async (tx) => {
    await holdApproval(tx, 'refund.settle', refundId)
    const refund = await assertByHand(tx, refundId)
    return askSecond(tx, by, {
      act: 'refund.settle', targetType: 'refund', targetId: refundId, amountIdr: refund.amountIdr ?? undefined, payload: { outcome: said.outcome, reference: said.reference }, reason: said.reason,
    })
  })
}

async function audit(tx: Tx, by: By, act: string, refund: Refund, more: { amountIdr?: number; reason?: string | undefined }): Promise<void> {
  await appendAudit(tx, {
    ...auditOf(by), act, targetType: 'refund', targetId: refund.id, reason: more.reason, details: { paymentId: refund.paymentId, amountIdr: more.amountIdr ?? refund.amountIdr, state: refund.state },
  })
}
