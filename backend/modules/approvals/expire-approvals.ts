import { and, eq, lte, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { approvals } from './tables.ts'
import type { ApprovalActs } from './types.ts'

/** Ends what nobody decided on in time, each in a transaction of its own. Answers how many; fewer than `limit`: that was all. */
export async function expireApprovals(ctx: Ctx, acts: ApprovalActs, limit: number): Promise<number> {
  const isDue = and(eq(approvals.state, 'pending'), lte(approvals.expiresAt, sql`app_now()`))
  const due = await ctx.sql.select({ id: approvals.id }).from(approvals).where(isDue).orderBy(approvals.id).limit(limit)
  for (const { id } of due) {
    await transact(ctx, async (tx) => {
      const [approval] = await tx.sql.select().from(approvals).where(and(eq(approvals.id, id), isDue)).for('update', { skipLocked: true })
      if (!approval) return
      await tx.sql.update(approvals).set({ state: 'expired', decidedAt: sql`app_now()` }).where(eq(approvals.id, id))
      await acts[approval.act]?.refuse?.(tx, approval)
      tx.log.info({ event: 'approval_expired', approvalId: id, act: approval.act, targetId: approval.targetId }, 'nobody decided in time')
    })
  }
  return due.length
}
