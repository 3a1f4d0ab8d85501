import type { UserActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findShownRatings } from '../mitras/index.ts'
import { accessSession } from '../sessions/index.ts'
import type { CommentsQuery } from './contract.ts'
import { findRating, listComments, ownView } from './queries.ts'

/** What the customer gave this session, or until when they may. Throws `not_found`. */
export async function showOwnRating(ctx: Ctx, actor: UserActor, sessionId: string) {
  const { session, now } = await accessSession(ctx.sql, actor, sessionId)
  const rating = await findRating(ctx.sql, sessionId)
  if (rating) return { rating: ownView(rating), until: null }
  const until = session.state === 'ended' && session.endedAt ? new Date(session.endedAt.getTime() + ctx.settings.get('ratingWindowSeconds') * 1000) : undefined
  return { rating: null, until: until && now < until ? until.toISOString() : null }
}

/** A mitra's own average, and what was written of them. */
export async function showComments(ctx: Ctx, mitraId: string, query: CommentsQuery) {
  const [shown, comments] = await Promise.all([findShownRatings(ctx, [mitraId]), listComments(ctx.sql, mitraId, query)])
  return { rating: shown.get(mitraId) ?? null, ...comments }
}
