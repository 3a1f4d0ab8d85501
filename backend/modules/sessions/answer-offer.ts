import { and, eq, sql } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { openConversation } from '../chat/index.ts'
import { keepsServing, noteAnswered, openServed } from '../mitras/index.ts'
import { notify } from '../notifications/index.ts'
import { announceSessions } from './announce.ts'
import { nextOffer } from './next-offer.ts'
import { endOffer, ringEnded } from './offer-session.ts'
import { addSeconds, changeSession, decideOnSession, type Seen } from './queries.ts'
import { offers, type Offer } from './tables.ts'

async function accessOffer(handle: Queryable, actor: UserActor, offerId: string): Promise<Offer & { isOver: boolean }> {
  const [row] = await handle.select({ offer: offers, isOver: sql<boolean>`${offers.expiresAt} <= app_now()` }).from(offers)
    .where(and(eq(offers.id, offerId), eq(offers.mitraId, actor.id)))
  if (!row) throw new AppError('not_found')
  return { ...row.offer, isOver: row.isOver }
}

/** The mitra takes the session: it is active, its clock starts when the customer is seen. Answers the session's id. */
export async function acceptOffer(ctx: Ctx, actor: UserActor, offerId: string): Promise<string> {
  const { sessionId } = await accessOffer(ctx.sql, actor, offerId)
  await decideOnSession(ctx, sessionId, async (tx, seen) => {
    const offer = await accessOffer(tx.sql, actor, offerId)
    if (offer.state === 'accepted') return
    if (offer.state === 'expired' || (offer.state === 'ringing' && offer.isOver)) throw new AppError('offer_expired')
    if (offer.state === 'withdrawn') throw new AppError('offer_taken', 'the offer was withdrawn')
    if (offer.state === 'declined' || seen.session.state !== 'ringing') throw new AppError('session_state_conflict')
    // Before the share lock of the next statement: two accepts of one mitra would both hold that and wait to write.
    await noteAnswered(tx, actor.id)
    if (!(await keepsServing(tx, actor.id))) throw new AppError('offer_taken', 'the offer is being withdrawn')
    await activate(tx, seen, offer)
  })
  return sessionId
}

async function activate(tx: Tx, seen: Seen, offer: Offer): Promise<void> {
  crashPointAfterCommit(tx, 'offer.accepted')
  const { session, now } = seen
  const conversationId = tx.ids.next()
  const clockStart = tx.settings.get('clockStartSeconds')
  const endsAt = addSeconds(now, clockStart + session.minutes * 60)
  await openConversation(tx, { id: conversationId, memberIds: [session.customerId, offer.mitraId], writableUntil: endsAt })
  await changeSession(tx, seen, {
    set: { state: 'active', mitraId: offer.mitraId, conversationId, acceptedAt: now, endsAt, dueAt: addSeconds(now, clockStart) },
    event: 'accepted', actor: { kind: 'mitra', id: offer.mitraId }, details: { offerId: offer.id },
  })
  const ended = await endOffer(tx, session.id, 'accepted')
  await openServed(tx, { mitraId: offer.mitraId, sessionId: session.id, at: now })
  await notify(tx, [...ringEnded(ended), {
    userId: session.customerId, template: 'session.accepted', dedupeKey: `accepted:${session.id}`, data: { sessionId: session.id },
  }])
  tx.afterCommit(({ metrics }) => metrics.sessionsStarted.inc())
  announceSessions(tx, [session.id])
  crashPoint('offer.accepting')
}

/** The mitra says no: the next one is rung in the same transaction. Answers the session's id. */
export async function declineOffer(ctx: Ctx, actor: UserActor, offerId: string): Promise<string> {
  const { sessionId } = await accessOffer(ctx.sql, actor, offerId)
  await decideOnSession(ctx, sessionId, async (tx, seen) => {
    const offer = await accessOffer(tx.sql, actor, offerId)
    if (offer.state === 'declined') return
    if (offer.state === 'expired') throw new AppError('offer_expired')
    if (offer.state === 'withdrawn') throw new AppError('offer_taken', 'the offer was withdrawn')
    if (offer.state === 'accepted') throw new AppError('session_state_conflict')
    crashPointAfterCommit(tx, 'offer.declined')
    await nextOffer(tx, seen, { outcome: 'declined', actor: { kind: 'mitra', id: actor.id }, counted: true })
    crashPoint('offer.declining')
  }, { underLock: true })
  return sessionId
}
