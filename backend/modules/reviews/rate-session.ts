import { and, eq, sql } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import { changeScore } from '../mitras/index.ts'
import { accessSession, forgetToRemind } from '../sessions/index.ts'
import type { RatingBody } from './contract.ts'
import { findRating } from './queries.ts'
import { ratings, type Rating } from './tables.ts'

/**
 * The customer's rating of a session that has ended, once, within `ratingWindowSeconds`; the mitra's average moves in the
 * same transaction. Throws `not_found`, `session_state_conflict`, `already_rated`, `rating_window_over`.
 */
export async function rateSession(ctx: Ctx, actor: UserActor, sessionId: string, body: RatingBody): Promise<Rating> {
  return transact(ctx, async (tx) => {
    const { session, now } = await accessSession(tx.sql, actor, sessionId)
    if (session.state !== 'ended' || session.mitraId === null || session.endedAt === null) throw new AppError('session_state_conflict', 'Only a session that has ended is rated.')
    const window = tx.settings.get('ratingWindowSeconds')
    if (now.getTime() >= session.endedAt.getTime() + window * 1000) {
      // Who has rated is told so, however late they ask.
      throw new AppError((await findRating(tx.sql, sessionId)) ? 'already_rated' : 'rating_window_over')
    }
    const raterHash = await raterOf(tx, actor.id, session.mitraId)
    const [rating] = await tx.sql.insert(ratings).values({
      sessionId, customerId: actor.id, mitraId: session.mitraId, raterHash, score: body.score, comment: body.comment ?? null,
      day: sql`(app_now() at time zone 'Asia/Jakarta')::date`,
    }).onConflictDoNothing().returning()
    if (!rating) throw new AppError('already_rated')
    const { raters, mean } = await countRater(tx, rating)
    await forgetToRemind(tx, session)
    await changeScore(tx, rating.mitraId, { raters, mean })
    tx.afterCommit(({ metrics }) => metrics.ratings.inc({ score: String(rating.score) }))
    return rating
  })
}

// Whoever has rated this mitra before stays the same person under a new number.
async function raterOf(tx: Tx, customerId: string, mitraId: string): Promise<Buffer> {
  const [before] = await tx.sql.select({ raterHash: ratings.raterHash }).from(ratings)
    .where(and(eq(ratings.customerId, customerId), eq(ratings.mitraId, mitraId))).orderBy(ratings.createdAt).limit(1)
  if (before) return before.raterHash
  const person = (await findPeople(tx.sql, [customerId])).get(customerId)
  if (!person) throw new AppError('unauthenticated')
  return person.phoneHash
}

// The row of the person is locked by the statement that adds to it: two ratings at once are added one after the other.
async function countRater(tx: Tx, rating: Rating): Promise<{ raters: number; mean: string }> {
  const { rows } = await tx.sql.execute<{ is_new: boolean; delta: string }>(sql`
    insert into rating_raters as r (mitra_id, rater_hash, ratings, score_sum) values (${rating.mitraId}, ${rating.raterHash}, 1, ${rating.score})
    on conflict (mitra_id, rater_hash) do update set ratings = r.ratings + 1, score_sum = r.score_sum + excluded.score_sum
    returning ratings = 1 as is_new,
      round(score_sum::numeric / ratings, 6) - case when ratings = 1 then 0 else round((score_sum - ${rating.score})::numeric / (ratings - 1), 6) end as delta`)
  const [row] = rows
  return { raters: row!.is_new ? 1 : 0, mean: row!.delta }
}
