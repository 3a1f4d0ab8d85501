import { and, desc, eq, gt, isNull, lt, sql } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { hashToken } from './refresh-tokens.ts'
import { revokeSignIns } from './revocations.ts'
import { refreshTokens, signIns, type SignIn } from './tables.ts'
import { writeEvent } from './topics.ts'

/** The living sign-ins of a person, the newest first. */
export async function findSignIns(ctx: Ctx, userId: string, page: { limit: number; cursor?: string | undefined }): Promise<{ items: SignIn[]; nextCursor: string | null }> {
  const rows = await ctx.sql.select().from(signIns).where(and(
    eq(signIns.userId, userId), isNull(signIns.revokedAt),
    gt(signIns.lastUsedAt, sql`app_now() - make_interval(secs => ${ctx.settings.get('refreshTokenSeconds')})`),
    page.cursor === undefined ? undefined : lt(signIns.id, page.cursor),
  )).orderBy(desc(signIns.id)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.id : null }
}

/** A sign-in, ended or not; of an erased person it has no device's name. */
export async function findSignIn(handle: Queryable, id: string): Promise<SignIn | undefined> {
  const [row] = await handle.select().from(signIns).where(eq(signIns.id, id))
  return row
}

/** Ends one of the person's sign-ins. Throws `not_found` for one that is not theirs or has ended. */
export async function removeSignIn(ctx: Ctx, userId: string, id: string): Promise<SignIn> {
  return transact(ctx, async (tx) => {
    const [ended] = await revokeSignIns(tx, { userId, signInId: id, reason: 'removed' })
    if (ended === undefined) throw new AppError('not_found', 'There is no such sign-in.')
    const [row] = await tx.sql.select().from(signIns).where(eq(signIns.id, ended))
    return row!
  })
}

/** Ends the sign-in that asks, or that of the given refresh token if it is the caller's. Answers how many ended. */
export async function logOut(ctx: Ctx, actor: UserActor, refreshToken: string | undefined): Promise<number> {
  return transact(ctx, async (tx) => {
    const [named] = refreshToken === undefined ? [] : await tx.sql.select({ id: signIns.id }).from(refreshTokens)
      .innerJoin(signIns, eq(signIns.id, refreshTokens.signInId))
      .where(and(eq(refreshTokens.tokenHash, hashToken(refreshToken)), eq(signIns.userId, actor.id)))
    const ended = await revokeSignIns(tx, { userId: actor.id, signInId: named?.id ?? actor.signInId, reason: 'logout' })
    return ended.length
  })
}

/** Ends every sign-in of the person, on every device. Answers how many ended. */
export async function logOutEverywhere(ctx: Ctx, actor: UserActor): Promise<number> {
  return transact(ctx, async (tx) => {
    const ended = await revokeSignIns(tx, { userId: actor.id, reason: 'logout_all' })
    if (ended.length > 0) await writeEvent(tx, 'signedOutEverywhere', actor.id)
    return ended.length
  })
}
