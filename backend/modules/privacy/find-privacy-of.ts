import { desc, eq } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { erasureView } from './erasure-view.ts'
import { dataExports, erasures } from './tables.ts'

/** What became of a person's erasure; null where nobody has asked for one. */
export async function findErasure(handle: Queryable, userId: string): Promise<ReturnType<typeof erasureView> | null> {
  const [erasure] = await handle.select().from(erasures).where(eq(erasures.userId, userId))
  return erasure ? erasureView(erasure) : null
}

/** The last exports of a person, the newest first. */
export async function findExports(handle: Queryable, userId: string, limit: number): Promise<{ id: string; askedByKind: 'customer' | 'mitra' | 'staff'; createdAt: string }[]> {
  const rows = await handle.select({ id: dataExports.id, askedByKind: dataExports.askedByKind, createdAt: dataExports.createdAt }).from(dataExports)
    .where(eq(dataExports.userId, userId)).orderBy(desc(dataExports.createdAt)).limit(limit)
  return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }))
}
