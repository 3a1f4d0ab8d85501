import { and, eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { approvals } from './tables.ts'
import type { Approval, ApprovalAct } from './types.ts'

export type NewApproval = {
  act: ApprovalAct
  targetType: string
  targetId: string
  amountIdr?: number | undefined
  /** What the act needs to know besides its target; ids, numbers and choices. */
  payload?: Record<string, unknown> | undefined
  reason: string
  /** The member of staff who wants it done: never who decides. */
  requestedBy: string
}

/**
 * Asks for a second person. The same member of staff asking again gets what waits already; throws `conflict` where
 * somebody else's waits for this target.
 */
export async function requestApproval(tx: Tx, wanted: NewApproval): Promise<Approval & { isNew: boolean }> {
  const [made] = await tx.sql.insert(approvals)
    .values({ ...wanted, id: tx.ids.next(), expiresAt: sql`app_now() + make_interval(secs => ${tx.settings.get('approvalSeconds')})` })
    .onConflictDoNothing().returning()
  if (made) return { ...made, isNew: true }
  const [waiting] = await tx.sql.select().from(approvals).where(and(eq(approvals.act, wanted.act), eq(approvals.targetId, wanted.targetId), eq(approvals.state, 'pending')))
  if (waiting?.requestedBy !== wanted.requestedBy) throw new AppError('conflict', 'This waits for a second person already.')
  return { ...waiting, isNew: false }
}
