import { eq, getTableColumns, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { approvals } from './tables.ts'
import type { Approval, ApprovalActs, Done } from './types.ts'

export type Decision = { id: string; staffId: string; decision: 'approved' | 'rejected'; reason?: string | undefined }
type Parts = {
  acts: ApprovalActs
  /** Writes the decision down, the last thing of the transaction. `done` is what an approved act did. */
  audit: (tx: Tx, approval: Approval, done: Done | undefined) => Promise<void>
}

/**
 * Decides on what waits for a second person, and does it in the same transaction. Who decided so before is answered
 * the same again. Throws `approval_self` for who asked, `conflict` where it is decided or over; what the act throws
 * leaves it pending.
 */
export async function decideApproval(ctx: Ctx, wanted: Decision, parts: Parts): Promise<Approval> {
  return transact(ctx, async (tx) => {
    // Its row is the first that is locked, before whatever the act locks.
    const [row] = await tx.sql.select({ ...getTableColumns(approvals), isOver: sql<boolean>`${approvals.expiresAt} <= app_now()` })
      .from(approvals).where(eq(approvals.id, wanted.id)).for('update')
    if (!row) throw new AppError('not_found', 'nothing waits under this id')
    const { isOver, ...approval } = row
    if (approval.requestedBy === wanted.staffId) throw new AppError('approval_self', 'Somebody else decides on what you asked for.')
    if (approval.state !== 'pending') return repeated(approval, wanted)
    if (isOver) throw new AppError('conflict', 'It has expired: ask again.')
    return decide(tx, approval, wanted, parts)
  })
}

async function decide(tx: Tx, approval: Approval, wanted: Decision, { acts, audit }: Parts): Promise<Approval> {
  const act = acts[approval.act]
  if (!act && wanted.decision === 'approved') throw new Error(`nothing does ${approval.act}`)
  crashPointAfterCommit(tx, 'approval.decided')
  const [decided] = await tx.sql.update(approvals)
    .set({ state: wanted.decision, decidedBy: wanted.staffId, decidedAt: sql`app_now()`, decisionReason: wanted.reason ?? null })
    .where(eq(approvals.id, approval.id)).returning()
  const done = wanted.decision === 'approved' ? await act?.approve(tx, approval, wanted.staffId) : undefined
  if (wanted.decision === 'rejected') await act?.refuse?.(tx, approval)
  await audit(tx, decided!, done)
  crashPoint('approval.deciding')
  return decided!
}

function repeated(approval: Approval, wanted: Decision): Approval {
  if (approval.decidedBy === wanted.staffId && approval.state === wanted.decision) return approval
  throw new AppError('conflict', `It is ${approval.state} already.`)
}
