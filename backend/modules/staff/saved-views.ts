import { and, eq, or, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, violatedConstraint, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'
import { savedViews, staff } from './tables.ts'
import type { ChangeView, CreateView, Filters, SavedView } from './views-contract.ts'

/** Of one page, for one member of staff; of what others share the newest are shown. */
const OWN_MOST = 50
const SHOWN_MOST = 200

/** One's own views of a page, and those that others share, by name. */
export async function findViews(handle: Queryable, staffId: string, page: string): Promise<SavedView[]> {
  const rows = await handle.select({ view: savedViews, ownerName: staff.displayName }).from(savedViews).innerJoin(staff, eq(staff.id, savedViews.staffId))
    .where(and(eq(savedViews.page, page), or(eq(savedViews.staffId, staffId), eq(savedViews.shared, true)))).orderBy(sql`lower(${savedViews.name})`, savedViews.id).limit(SHOWN_MOST)
  return rows.map((row) => shown(row, staffId))
}

/** Keeps filters under a name. Throws `conflict` (one's own view of this page has that name, or there are too many), `validation_failed`. */
export async function createView(ctx: Ctx, by: By, input: CreateView): Promise<SavedView> {
  assertShareable(input)
  return once(() => transact(ctx, async (tx) => {
    const id = tx.ids.next()
    const { rowCount } = await tx.sql.execute(sql`
      insert into saved_views (id, staff_id, page, name, filters, shared)
      select ${id}, ${by.staffId}, ${input.page}, ${input.name}, ${JSON.stringify(input.filters)}::jsonb, ${input.shared}
      where (select count(*) from saved_views where staff_id = ${by.staffId} and page = ${input.page}) < ${OWN_MOST}`)
    if (rowCount === 0) throw new AppError('conflict', `There are ${OWN_MOST} views of this page already: remove one.`)
    await note(tx, by, 'view.saved', id, { page: input.page, shared: input.shared })
    return getOwn(tx.sql, by, id)
  }))
}

/** Changes one's own view; somebody else's looks missing. Throws `not_found`, `conflict`, `validation_failed`. */
export async function changeView(ctx: Ctx, by: By, id: string, input: ChangeView): Promise<SavedView> {
  return once(() => transact(ctx, async (tx) => {
    const [changed] = await tx.sql.update(savedViews).set({ ...input, updatedAt: sql`app_now()` }).where(and(eq(savedViews.id, id), eq(savedViews.staffId, by.staffId))).returning()
    if (!changed) throw new AppError('not_found', 'no such view of yours')
    assertShareable(changed)
    await note(tx, by, 'view.changed', id, { page: changed.page, shared: changed.shared })
    return getOwn(tx.sql, by, id)
  }))
}

/** Removes one's own view; what is not there is removed. */
export async function removeView(ctx: Ctx, by: By, id: string): Promise<void> {
  await transact(ctx, async (tx) => {
    const [removed] = await tx.sql.delete(savedViews).where(and(eq(savedViews.id, id), eq(savedViews.staffId, by.staffId))).returning()
    if (removed) await note(tx, by, 'view.removed', id, { page: removed.page, shared: removed.shared })
  })
}

// What one searched for may be a name or a number, and not everybody sees those.
function assertShareable({ shared, filters }: { shared: boolean; filters: Filters }): void {
  if (!shared || !('q' in filters)) return
  throw new AppError('validation_failed', 'What was searched for is not shared.', { errors: [{ path: 'filters.q', code: 'not_shared', message: 'may be a name or a number: leave it out, or keep the view for yourself' }] })
}

async function note(tx: Tx, by: By, act: string, id: string, details: Record<string, unknown>): Promise<void> {
  await appendAudit(tx, { ...auditOf(by), act, targetType: 'view', targetId: id, details })
}

async function getOwn(handle: Queryable, by: By, id: string): Promise<SavedView> {
  const [row] = await handle.select({ view: savedViews, ownerName: staff.displayName }).from(savedViews).innerJoin(staff, eq(staff.id, savedViews.staffId)).where(eq(savedViews.id, id))
  return shown(row!, by.staffId)
}

function shown({ view, ownerName }: { view: typeof savedViews.$inferSelect; ownerName: string }, staffId: string): SavedView {
  const { id, page, name, filters, shared } = view
  return { id, page, name, filters, shared, isOwn: view.staffId === staffId, ownerName, updatedAt: view.updatedAt.toISOString() }
}

async function once<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (violatedConstraint(error) === 'saved_views_name') throw new AppError('conflict', 'You have a view of this name here.')
    throw error
  }
}
