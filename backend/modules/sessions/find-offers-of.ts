import { desc, eq } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { offers, type Offer } from './tables.ts'

export type OfferMade = Pick<Offer, 'id' | 'sessionId' | 'state' | 'createdAt' | 'endedAt'>

/** The last offers that this mitra was made, the newest first: what became of each. */
export async function findOffersOf(handle: Queryable, mitraId: string, limit: number): Promise<OfferMade[]> {
  return handle.select({ id: offers.id, sessionId: offers.sessionId, state: offers.state, createdAt: offers.createdAt, endedAt: offers.endedAt }).from(offers)
    .where(eq(offers.mitraId, mitraId)).orderBy(desc(offers.id)).limit(limit)
}
