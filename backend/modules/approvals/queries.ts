import { and, count, desc, eq, inArray, lt, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { approvals } from './tables.ts'
import type { Approval, ApprovalAct, ApprovalState } from './types.ts'

/** The newest first. `cursor` is the last id of the page before. */
export async function findApprovals(handle: Queryable, page: { state?: ApprovalState | undefined; cursor?: string | undefined; limit: number }): Promise<{ items: Approval[]; nextCursor: string | null }> {
  const rows = await handle.select().from(approvals)
    .where(and(page.state === undefined ? undefined : eq(approvals.state, page.state), page.cursor === undefined ? undefined : lt(approvals.id, page.cursor)))
    .orderBy(desc(approvals.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

export async function findApproval(handle: Queryable, id: string): Promise<Approval | undefined> {
  const [approval] = await handle.select().from(approvals).where(eq(approvals.id, id))
  return approval
}

/** How many wait for a second person, and how many of them this member of staff has asked for. */
export async function countWaiting(handle: Queryable, staffId: string): Promise<{ waiting: number; own: number }> {
  const [row] = await handle.select({ waiting: count(), own: sql<number>`count(*) filter (where ${approvals.requestedBy} = ${staffId})`.mapWith(Number) }).from(approvals).where(eq(approvals.state, 'pending'))
  return { waiting: row?.waiting ?? 0, own: row?.own ?? 0 }
}

/** What waits for a second person about these targets, by target. */
export async function findPendingApprovals(handle: Queryable, act: ApprovalAct, targetIds: readonly string[]): Promise<Map<string, Approval>> {
  if (targetIds.length === 0) return new Map()
  const rows = await handle.select().from(approvals).where(and(eq(approvals.act, act), inArray(approvals.targetId, [...targetIds]), eq(approvals.state, 'pending')))
  return new Map(rows.map((row) => [row.targetId, row]))
}

/** What a second person was last asked about this target, decided or not. */
export async function findLastApproval(handle: Queryable, act: ApprovalAct, targetId: string): Promise<Approval | undefined> {
  const [approval] = await handle.select().from(approvals).where(and(eq(approvals.act, act), eq(approvals.targetId, targetId))).orderBy(desc(approvals.id)).limit(1)
  return approval
}

/** Another one whenever somebody asks, decides or nobody did in time: for another module’s statement. */
export const approvalsMark = sql`(select concat((select id from approvals order by id desc limit 1), ' ', (select count(*) from approvals where state = 'pending')))`
