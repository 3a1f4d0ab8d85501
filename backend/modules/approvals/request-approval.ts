import { isDeepStrictEqual } from 'node:util'
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
 * What waits for a second person about this target; nobody decides on it, or asks about the target, until the commit.
 * Whoever locks anything else before they ask calls this first: approvals come before all other locks.
 */
export async function holdApproval(tx: Tx, act: ApprovalAct, targetId: string): Promise<Approval | undefined> {
  // Where nothing waits there is no row to lock: who asks beside us would add one, and who decides on that would meet us.
  await tx.sql.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`approval:${act}:${targetId}`}, 0))`)
  const [waiting] = await tx.sql.select().from(approvals).where(isPending(act, targetId)).for('update')
  return waiting
}

function isPending(act: ApprovalAct, targetId: string) {
  return and(eq(approvals.act, act), eq(approvals.targetId, targetId), eq(approvals.state, 'pending'))
}

/**
 * Asks for a second person. The same member of staff asking for the same again gets what waits already; throws
 * `conflict` where something else waits for this target, or somebody else's.
 */
export async function requestApproval(tx: Tx, wanted: NewApproval): Promise<Approval & { isNew: boolean }> {
  const [made] = await tx.sql.insert(approvals)
    .values({ ...wanted, id: tx.ids.next(), expiresAt: sql`app_now() + make_interval(secs => ${tx.settings.get('approvalSeconds')})` })
    .onConflictDoNothing().returning()
  if (made) return { ...made, isNew: true }
  const [waiting] = await tx.sql.select().from(approvals).where(isPending(wanted.act, wanted.targetId))
  if (waiting?.requestedBy !== wanted.requestedBy) throw new AppError('conflict', 'This waits for a second person already.')
  if (!isSame(waiting, wanted)) throw new AppError('conflict', 'You have asked for something else about this, and it waits for a second person.')
  return { ...waiting, isNew: false }
}

/** By what is to be done; the reason may be put in other words. */
function isSame(waiting: Approval, { amountIdr, payload = {} }: Pick<NewApproval, 'amountIdr' | 'payload'>): boolean {
  return waiting.amountIdr === (amountIdr ?? null) && isDeepStrictEqual(waiting.payload, JSON.parse(JSON.stringify(payload)))
}
