import { and, desc, eq, isNotNull, isNull, lt, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import type { CommentsQuery, CommentView, RatingView, StaffRatingsQuery, StaffRatingView } from './contract.ts'
import { ratings, type Rating } from './tables.ts'

export async function findRating(handle: Queryable, sessionId: string): Promise<Rating | undefined> {
  const [rating] = await handle.select().from(ratings).where(eq(ratings.sessionId, sessionId))
  return rating
}

/** What customers wrote of this mitra, the newest day first; within a day in no order. */
export async function listComments(handle: Queryable, mitraId: string, { limit, cursor }: CommentsQuery): Promise<{ items: CommentView[]; nextCursor: string | null }> {
  const rows = await handle.select({ id: ratings.listedAs, score: ratings.score, comment: ratings.comment, day: ratings.day }).from(ratings)
    .where(and(
      eq(ratings.mitraId, mitraId), isNotNull(ratings.comment), isNull(ratings.hiddenAt),
      cursor === undefined ? undefined : sql`(${ratings.day}, ${ratings.listedAs}) < (${cursor.slice(0, 10)}::date, ${cursor.slice(10)}::uuid)`,
    ))
    .orderBy(desc(ratings.day), desc(ratings.listedAs)).limit(limit + 1)
  const items = rows.slice(0, limit).map((row) => ({ ...row, comment: row.comment ?? '' }))
  const last = rows.length > limit ? items.at(-1) : undefined
  return { items, nextCursor: last ? `${last.day}${last.id}` : null }
}

/** Ratings for staff, of the newest sessions first. */
export async function listRatings(handle: Queryable, { mitraId, customerId, score, hidden, commented, limit, cursor }: StaffRatingsQuery): Promise<{ items: StaffRatingView[]; nextCursor: string | null }> {
  const rows = await handle.select().from(ratings)
    .where(and(
      mitraId ? eq(ratings.mitraId, mitraId) : undefined, customerId ? eq(ratings.customerId, customerId) : undefined, score === undefined ? undefined : eq(ratings.score, score),
      hidden && isNotNull(ratings.hiddenAt), commented && isNotNull(ratings.comment), cursor ? lt(ratings.sessionId, cursor) : undefined,
    ))
    .orderBy(desc(ratings.sessionId)).limit(limit + 1)
  const shown = rows.slice(0, limit)
  return { items: shown.map(staffView), nextCursor: rows.length > limit ? shown.at(-1)!.sessionId : null }
}

export function ownView(rating: Rating): RatingView {
  const { sessionId, score, comment, createdAt } = rating
  return { sessionId, score, ...(comment === null ? {} : { comment }), createdAt: createdAt.toISOString() }
}

export function staffView(rating: Rating): StaffRatingView {
  const { sessionId, customerId, mitraId, score, comment, createdAt, hiddenAt, hiddenBy, hiddenReason } = rating
  return { id: sessionId, sessionId, customerId, mitraId, score, comment, createdAt: createdAt.toISOString(), hiddenAt: hiddenAt?.toISOString() ?? null, hiddenBy, hiddenReason }
}
