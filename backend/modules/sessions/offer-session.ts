import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { notify, type Notice } from '../notifications/index.ts'
import { announceOfferEnded, announceOffers } from './announce.ts'
import { addSeconds, earlier } from './queries.ts'
import { offers, type Offer, type Session } from './tables.ts'

/** When an offer made now ends, and with it when the ringing session is next due. */
export function offerUntil(tx: Tx, now: Date, ringUntil: Date): Date {
  return earlier(addSeconds(now, tx.settings.get('offerSeconds')), ringUntil)
}

/** Rings these mitras, one for each session: offer rows, the push, the event. The sessions hold their slots already. */
export async function makeOffers(tx: Tx, rings: readonly { session: Session; mitraId: string; expiresAt: Date }[]): Promise<void> {
  if (rings.length === 0) return
  // What is left of each by the clock that will end it: a phone that wakes later must not ring.
  const made = await tx.sql.insert(offers).values(rings.map((ring) => ({
    id: tx.ids.next(), version: 1, sessionId: ring.session.id, mitraId: ring.mitraId, state: 'ringing' as const, counted: true,
    createdAt: sql`app_now()`, expiresAt: ring.expiresAt,
  }))).returning({ id: offers.id, sessionId: offers.sessionId, mitraId: offers.mitraId, leftSeconds: sql`extract(epoch from ${offers.expiresAt} - app_now())`.mapWith(Number) })
  await notify(tx, made.map((offer) => ({
    userId: offer.mitraId, template: 'offer.created', dedupeKey: `offer:${offer.id}`, data: { offerId: offer.id, sessionId: offer.sessionId },
    ttlSeconds: offer.leftSeconds,
  })))
  announceOffers(tx, made.map((offer) => offer.id))
}

/** Ends the ringing offer of a session, if there is one. */
export async function endOffer(tx: Tx, sessionId: string, outcome: Exclude<Offer['state'], 'ringing'>, options: { counted?: boolean } = {}): Promise<Offer | undefined> {
  const [offer] = await tx.sql.update(offers)
    .set({ state: outcome, endedAt: sql`app_now()`, version: sql`${offers.version} + 1`, ...(options.counted === undefined ? {} : { counted: options.counted }) })
    .where(and(eq(offers.sessionId, sessionId), eq(offers.state, 'ringing')))
    .returning()
  if (offer) announceOfferEnded(tx, offer)
  return offer
}

/** What takes the place of the ring on the mitra's devices, without a sound; where the ring has not left, neither does this. */
export function ringEnded(offer: Offer | undefined): Notice[] {
  if (!offer) return []
  return [{ userId: offer.mitraId, template: 'offer.withdrawn', dedupeKey: `offer-ended:${offer.id}`, data: { offerId: offer.id, sessionId: offer.sessionId } }]
}

/** What came of earlier offers of these sessions, by `session:mitra`: who declined, and who let one pass. */
export async function findEarlierOffers(tx: Tx, sessionIds: readonly string[]): Promise<Map<string, 'declined' | 'missed'>> {
  if (sessionIds.length === 0) return new Map()
  const rows = await tx.sql.select({ sessionId: offers.sessionId, mitraId: offers.mitraId, state: offers.state }).from(offers)
    .where(and(inArray(offers.sessionId, [...sessionIds]), inArray(offers.state, ['declined', 'expired']))).orderBy(sql`${offers.state} = 'declined'`)
  return new Map(rows.map((row) => [`${row.sessionId}:${row.mitraId}`, row.state === 'declined' ? 'declined' : 'missed']))
}
