import { and, desc, eq, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { reconciliationDifferences, reconciliations, type Reconciliation } from './tables.ts'

export type Difference = typeof reconciliationDifferences.$inferSelect
export type NewDifference = Pick<Difference, 'kind' | 'providerId' | 'what' | 'outcome'> & { subjectId?: string | undefined; inboxEventId?: string | undefined }
export type Counts = Pick<Reconciliation, 'listed' | 'agreed' | 'healed' | 'parked'>

/** Begins a comparison of the last `seconds`. */
export async function insertRun(ctx: Pick<Ctx, 'ids'> & { sql: Queryable }, run: { scope: Reconciliation['scope']; seconds: number; askedBy?: string | undefined }): Promise<Reconciliation> {
  const [row] = await ctx.sql.insert(reconciliations)
    .values({ id: ctx.ids.next(), scope: run.scope, fromAt: sql`app_now() - make_interval(secs => ${run.seconds})`, untilAt: sql`app_now()`, askedBy: run.askedBy ?? null })
    .returning()
  return row!
}

export async function findRun(handle: Queryable, id: string): Promise<Reconciliation | undefined> {
  const [row] = await handle.select().from(reconciliations).where(eq(reconciliations.id, id))
  return row
}

/** Comparisons, the newest first. `cursor` is the last id of the page before. */
export async function findReconciliations(handle: Queryable, page: { cursor?: string | undefined; limit: number }): Promise<{ items: Reconciliation[]; nextCursor: string | null }> {
  const rows = await handle.select().from(reconciliations)
    .where(page.cursor === undefined ? undefined : lt(reconciliations.id, page.cursor)).orderBy(desc(reconciliations.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

/** What a comparison found, the newest first. */
export function findDifferences(handle: Queryable, reconciliationId: string, limit = 500): Promise<Difference[]> {
  return handle.select().from(reconciliationDifferences).where(eq(reconciliationDifferences.reconciliationId, reconciliationId)).orderBy(desc(reconciliationDifferences.id)).limit(limit)
}

/** Notes a difference; false: it was parked before, by this comparison or an earlier one. */
export async function noteDifference(ctx: Pick<Ctx, 'ids'> & { sql: Queryable }, reconciliationId: string, difference: NewDifference): Promise<boolean> {
  const rows = await ctx.sql.insert(reconciliationDifferences)
    .values({ id: ctx.ids.next(), reconciliationId, ...difference, subjectId: difference.subjectId ?? null, inboxEventId: difference.inboxEventId ?? null })
    .onConflictDoNothing().returning({ id: reconciliationDifferences.id })
  return rows.length > 0
}

/** Whether this difference is parked already. */
export async function isParked(handle: Queryable, kind: Difference['kind'], providerId: string, what: string): Promise<boolean> {
  const rows = await handle.select({ id: reconciliationDifferences.id }).from(reconciliationDifferences)
    .where(and(eq(reconciliationDifferences.kind, kind), eq(reconciliationDifferences.providerId, providerId), eq(reconciliationDifferences.what, what), eq(reconciliationDifferences.outcome, 'parked'))).limit(1)
  return rows.length > 0
}

export async function finishRun(handle: Queryable, id: string, counts: Counts, error: string | null): Promise<void> {
  await handle.update(reconciliations).set({ ...counts, error, finishedAt: sql`app_now()` }).where(eq(reconciliations.id, id))
}
