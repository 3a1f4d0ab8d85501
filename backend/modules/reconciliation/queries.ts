import { and, desc, eq, inArray, isNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Run } from './run.ts'
import { reconciliationDifferences, reconciliations, statementLines, type Reconciliation } from './tables.ts'

/** The provider's clock is not ours, and its list may lag: what stands there late is found by the next comparison. */
const OVERLAP_SECONDS = 3600

export type Difference = typeof reconciliationDifferences.$inferSelect
export type NewDifference = Pick<Difference, 'kind' | 'providerId' | 'what' | 'outcome'> & { subjectId?: string | undefined; inboxEventId?: string | undefined }

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
export async function findReconciliations(handle: Queryable, page: { scope?: Reconciliation['scope'] | undefined; cursor?: string | undefined; limit: number }): Promise<{ items: Reconciliation[]; nextCursor: string | null }> {
  const rows = await handle.select().from(reconciliations)
    .where(and(page.scope === undefined ? undefined : eq(reconciliations.scope, page.scope), page.cursor === undefined ? undefined : lt(reconciliations.id, page.cursor))).orderBy(desc(reconciliations.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

/** What a comparison found, the newest first. */
export function findDifferences(handle: Queryable, reconciliationId: string, limit = 500): Promise<Difference[]> {
  return handle.select().from(reconciliationDifferences).where(eq(reconciliationDifferences.reconciliationId, reconciliationId)).orderBy(desc(reconciliationDifferences.id)).limit(limit)
}

/** Notes differences. Answers those that are new: what is parked elsewhere than in the inbox is noted once. */
export async function noteDifferences(ctx: Pick<Ctx, 'ids'> & { sql: Queryable }, reconciliationId: string, differences: readonly NewDifference[]): Promise<Difference[]> {
  if (differences.length === 0) return []
  return ctx.sql.insert(reconciliationDifferences)
    .values(differences.map((difference) => ({ ...difference, id: ctx.ids.next(), reconciliationId, subjectId: difference.subjectId ?? null, inboxEventId: difference.inboxEventId ?? null })))
    .onConflictDoNothing().returning()
}

/** Ends a comparison. What it healed and parked is counted by its differences: also those of a try that was cut off. */
export async function finishRun(handle: Queryable, { id, counts, unfinished }: Run, error: string | null): Promise<Reconciliation> {
  const foundAs = (outcome: Difference['outcome']) => handle.$count(reconciliationDifferences, and(eq(reconciliationDifferences.reconciliationId, id), eq(reconciliationDifferences.outcome, outcome)))
  const [row] = await handle.update(reconciliations)
    .set({
      ...counts, healed: sql`${foundAs('healed')}`, parked: sql`${foundAs('parked')}`, unfinished: [...unfinished.keys()], error, finishedAt: sql`app_now()`,
      feesUntil: sql`case when ${reconciliations.scope} <> 'recent' and ${!unfinished.has('fees')} then ${reconciliations.untilAt} end`,
    })
    .where(eq(reconciliations.id, id)).returning()
  return row!
}

/** It was cut off by a fault of ours: it is not finished, and whoever began it begins it again. */
export async function noteFault(handle: Queryable, id: string): Promise<void> {
  await handle.update(reconciliations).set({ error: 'fault' }).where(and(eq(reconciliations.id, id), isNull(reconciliations.finishedAt)))
}

/**
 * From when on the statement is read: as far back as the comparison looks, and at least from where the last one left off
 * that posted all fees; before the first such, from where the first comparison of them began.
 */
export async function findFeesFrom(handle: Queryable, runId: string): Promise<Date> {
  const { rows: [row] } = await handle.execute<{ at: string }>(sql`
    select least(r.from_at, coalesce((select max(fees_until) from reconciliations), (select min(from_at) from reconciliations where scope <> 'recent')) - make_interval(secs => ${OVERLAP_SECONDS}))::text as at
    from reconciliations r where r.id = ${runId}`)
  return new Date(row!.at)
}

/** What is posted of these lines of the statement, in rupiah. */
export async function findLines(handle: Queryable, ids: readonly string[]): Promise<Map<string, { feeIdr: number; withheldIdr: number }>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select({ id: statementLines.id, feeIdr: statementLines.feeIdr, withheldIdr: statementLines.withheldIdr }).from(statementLines).where(inArray(statementLines.id, [...ids]))
  return new Map(rows.map((row) => [row.id, row]))
}
