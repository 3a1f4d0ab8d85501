import { and, eq, gt, isNull, lt, lte, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findMitras } from '../mitras/index.ts'
import { findBlockBetween } from '../moderation/index.ts'
import type { NotifyView } from './contract.ts'
import { notifyRequests, type NotifyRequest } from './tables.ts'

const isSame = (customerId: string, mitraId: string | undefined) => and(
  eq(notifyRequests.customerId, customerId), mitraId === undefined ? isNull(notifyRequests.mitraId) : eq(notifyRequests.mitraId, mitraId), isNull(notifyRequests.answeredAt),
)
const isWaiting = and(isNull(notifyRequests.answeredAt), gt(notifyRequests.expiresAt, sql`app_now()`))

/** Asks to be told; what is asked already stays as it was. Throws `not_found` (no approved mitra, or one has blocked the other), `conflict` (too many at once). */
export async function askNotify(ctx: Ctx, customerId: string, mitraId: string | undefined): Promise<{ request: NotifyView; isNew: boolean }> {
  return transact(ctx, async (tx) => {
    // One after another for a customer: their number is bounded whoever asks at once.
    await tx.sql.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`notify-me:${customerId}`}, 0))`)
    if (mitraId !== undefined && !(await mayBeNamed(tx, customerId, mitraId))) throw new AppError('not_found', 'no such mitra')
    await tx.sql.delete(notifyRequests).where(and(isSame(customerId, mitraId), lte(notifyRequests.expiresAt, sql`app_now()`)))
    const [known] = await tx.sql.select().from(notifyRequests).where(isSame(customerId, mitraId))
    if (known) return { request: viewOf(known), isNew: false }
    const most = tx.settings.get('notifyMeMost')
    if ((await tx.sql.$count(notifyRequests, and(eq(notifyRequests.customerId, customerId), isWaiting))) >= most) throw new AppError('conflict', `At most ${most} at once.`)
    const [asked] = await tx.sql.insert(notifyRequests).values({
      id: tx.ids.next(), customerId, mitraId: mitraId ?? null, expiresAt: sql`app_now() + make_interval(secs => ${tx.settings.get('notifyMeSeconds')})`,
    }).returning()
    return { request: viewOf(asked!), isNew: true }
  })
}

async function mayBeNamed(tx: Tx, customerId: string, mitraId: string): Promise<boolean> {
  const mitra = (await findMitras(tx.sql, [mitraId])).get(mitraId)
  return mitra?.status === 'approved' && (await findBlockBetween(tx.sql, customerId, mitraId)) === undefined
}

/** Repeated, it changes nothing. */
export async function withdrawNotify(handle: Queryable, customerId: string, mitraId: string | undefined): Promise<void> {
  await handle.delete(notifyRequests).where(isSame(customerId, mitraId))
}

/** What the customer waits to be told, in the order of asking; at most `notifyMeMost`. */
export async function findAsked(handle: Queryable, customerId: string): Promise<NotifyView[]> {
  return (await handle.select().from(notifyRequests).where(and(eq(notifyRequests.customerId, customerId), isWaiting)).orderBy(notifyRequests.createdAt, notifyRequests.id)).map(viewOf)
}

const KEEP_DAYS = 7

/** Housekeeping: removes what is long over. Answers how many rows. */
export async function purgeNotifyRequests(ctx: Ctx, limit: number): Promise<number> {
  const over = ctx.sql.select({ id: notifyRequests.id }).from(notifyRequests).where(lt(notifyRequests.expiresAt, sql`app_now() - make_interval(days => ${KEEP_DAYS})`)).limit(limit)
  const { rowCount } = await ctx.sql.delete(notifyRequests).where(sql`${notifyRequests.id} in ${over}`)
  return rowCount ?? 0
}

function viewOf({ id, mitraId, createdAt, expiresAt }: NotifyRequest): NotifyView {
  return { id, ...(mitraId === null ? {} : { mitraId }), createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() }
}
