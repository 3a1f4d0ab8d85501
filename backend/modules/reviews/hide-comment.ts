import { and, eq, isNotNull, isNull, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { findRating } from './queries.ts'
import { ratings, type Rating } from './tables.ts'

/** Who acts on which rating, and in which request. */
export type RatingAct = { sessionId: string; staffId: string; reason: string; requestId: string; ip: string }

/** The mitra sees the comment no more; the score counts on. A repeat changes nothing. Throws `not_found`. */
export async function hideComment(tx: Tx, act: RatingAct): Promise<Rating> {
  const [hidden] = await tx.sql.update(ratings).set({ hiddenAt: sql`app_now()`, hiddenBy: act.staffId, hiddenReason: act.reason })
    .where(and(eq(ratings.sessionId, act.sessionId), isNull(ratings.hiddenAt))).returning()
  return afterwards(tx, act, 'rating.comment_hidden', hidden)
}

/** Takes the hiding back. A repeat changes nothing. Throws `not_found`. */
export async function unhideComment(tx: Tx, act: RatingAct): Promise<Rating> {
  const [shown] = await tx.sql.update(ratings).set({ hiddenAt: null, hiddenBy: null, hiddenReason: null })
    .where(and(eq(ratings.sessionId, act.sessionId), isNotNull(ratings.hiddenAt))).returning()
  return afterwards(tx, act, 'rating.comment_shown', shown)
}

async function afterwards(tx: Tx, { sessionId, staffId, reason, requestId, ip }: RatingAct, act: string, changed: Rating | undefined): Promise<Rating> {
  if (!changed) {
    const known = await findRating(tx.sql, sessionId)
    if (!known) throw new AppError('not_found', 'no such rating')
    return known
  }
  await appendAudit(tx, { actorKind: 'staff', actorId: staffId, act, targetType: 'rating', targetId: sessionId, reason, details: { mitraId: changed.mitraId }, requestId, ip })
  return changed
}
