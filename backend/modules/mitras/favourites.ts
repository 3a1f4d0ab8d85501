import { and, eq, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findBlockBetween } from '../moderation/index.ts'
import { favourites, mitras } from './tables.ts'

/** Answers whether it is new. Throws `not_found` (no approved mitra, or one has blocked the other) and `conflict` (more than `favouritesMost`). */
export async function addFavourite(ctx: Ctx, customerId: string, mitraId: string): Promise<boolean> {
  return transact(ctx, async (tx) => {
    // One after another for a customer: the number of favourites is bounded whoever adds at once.
    await tx.sql.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`favourites:${customerId}`}, 0))`)
    const [mitra] = await tx.sql.select({ id: mitras.userId }).from(mitras).where(and(eq(mitras.userId, mitraId), eq(mitras.status, 'approved')))
    if (!mitra || (await findBlockBetween(tx.sql, customerId, mitraId))) throw new AppError('not_found', 'no such mitra')
    if ((await findFavourites(tx.sql, customerId, [mitraId])).size > 0) return false
    const most = tx.settings.get('favouritesMost')
    if ((await tx.sql.$count(favourites, eq(favourites.customerId, customerId))) >= most) throw new AppError('conflict', `At most ${most} favourites.`)
    await tx.sql.insert(favourites).values({ customerId, mitraId })
    return true
  })
}

/** Repeated, it changes nothing. */
export async function removeFavourite(handle: Queryable, customerId: string, mitraId: string): Promise<void> {
  await handle.delete(favourites).where(and(eq(favourites.customerId, customerId), eq(favourites.mitraId, mitraId)))
}

/** Which of these mitras are favourites of this customer. */
export async function findFavourites(handle: Queryable, customerId: string, mitraIds: readonly string[]): Promise<Set<string>> {
  if (mitraIds.length === 0) return new Set()
  const rows = await handle.select({ id: favourites.mitraId }).from(favourites).where(and(eq(favourites.customerId, customerId), isAnyOf(favourites.mitraId, mitraIds)))
  return new Set(rows.map((row) => row.id))
}
