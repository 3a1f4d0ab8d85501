import type { Tx } from '../../platform/ctx.ts'
import { freeSlots, noteAnswered, noteMissed } from '../mitras/index.ts'
import { notify } from '../notifications/index.ts'
import { announceSessions } from './announce.ts'
import { finishSession } from './finish-session.ts'
import { matchWaiting } from './match-waiting.ts'
import { endOffer, ringEnded } from './offer-session.ts'
import { changeSession, SYSTEM, type Actor, type Seen } from './queries.ts'
import type { Offer } from './tables.ts'

export type OfferEnd = { outcome: Exclude<Offer['state'], 'ringing' | 'accepted'>; actor: Actor; counted: boolean }

/**
 * The ringing offer of a session has ended without an accept: the slot moves to the next mitra in this transaction, or
 * the session waits for one without a slot; named without `anyMitra`, after the last offer or out of time it is unserved.
 * The caller holds the matching lock.
 */
export async function nextOffer(tx: Tx, seen: Seen, end: OfferEnd): Promise<void> {
  const { session, now } = seen
  const offer = await endOffer(tx, session.id, end.outcome, { counted: end.counted })
  await notify(tx, ringEnded(offer))
  // Before anybody is looked for: who has missed too many is not rung again. And before slots are locked.
  if (offer && end.outcome === 'expired') await noteMissed(tx, offer)
  if (offer && end.outcome === 'declined') await noteAnswered(tx, offer.mitraId)
  const offersMade = session.offersMade - (end.counted ? 0 : 1)
  const isNamedOnly = session.namedMitraId !== null && !session.anyMitra
  const isOver = isNamedOnly || offersMade >= tx.settings.get('offersMax') || (session.ringUntil !== null && session.ringUntil <= now)
  if (isOver) {
    await finishSession(tx, seen, { to: 'unserved', reason: 'no_answer', actor: SYSTEM, give: 'all' })
    return
  }
  await changeSession(tx, seen, {
    set: { slotMitraId: null, offersMade, dueAt: session.ringUntil }, event: `offer_${end.outcome}`, actor: end.actor, details: { mitraId: session.slotMitraId },
  })
  if (session.slotMitraId) await freeSlots(tx, [session.slotMitraId])
  await matchWaiting(tx)
  announceSessions(tx, [session.id])
}
