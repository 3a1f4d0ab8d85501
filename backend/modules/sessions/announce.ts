import { coalesce, type Coalesced } from '../../platform/coalesce.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import type { Publish } from '../../platform/realtime/publish.ts'
import { addSystemMessage } from '../chat/index.ts'
import type { SessionNote } from './contract.ts'
import { findOfferViews, findSessionViews } from './views.ts'
import type { Offer } from './tables.ts'

/** What is announced while earlier reads are under way is read together: a rush of payments rings by a few statements. */
type Announcers = { sessions: Coalesced<string, void>; offers: Coalesced<string, void> }
const MOST = 100
const announcers = new WeakMap<Publish, Announcers>()

function announcersOf(ctx: Ctx): Announcers {
  const known = announcers.get(ctx.publish)
  if (known) return known
  const together = (run: (ctx: Ctx, ids: readonly string[]) => Promise<void>) => coalesce<string, void>({
    lanes: 2, most: MOST,
    run: async (ids) => {
      await run(ctx, [...new Set(ids)])
      return ids.map(() => undefined)
    },
  })
  const made = { sessions: together(publishSessions), offers: together(publishOffers) }
  announcers.set(ctx.publish, made)
  return made
}

/** After the commit, sends `session:updated` to both sides of these sessions, as they are then. */
export function announceSessions(tx: Tx, ids: readonly string[]): void {
  if (ids.length > 0) tx.afterCommit((ctx) => inBackground(ctx, ids, announcersOf(ctx).sessions))
}

export async function publishSessions(ctx: Ctx, ids: readonly string[]): Promise<void> {
  const views = await findSessionViews(ctx, [...new Set(ids)])
  for (const { customer, mitra } of views.values()) {
    const key = `session:${customer.id}:${customer.version}`
    ctx.publish([customer.customer.id], { type: 'session:updated', session: customer }, { key })
    // A mitra knows a session from the accept on; before that there is only the offer.
    if (mitra.mitra && mitra.conversationId) ctx.publish([mitra.mitra.id], { type: 'session:updated', session: mitra }, { key })
  }
}

/** Writes into the session's conversation what has become of the session. After the change of the session: locks go in that order. */
export async function noteInConversation(tx: Tx, conversationId: string, note: SessionNote): Promise<void> {
  await addSystemMessage(tx, conversationId, note)
}

/** After the commit, rings: `offer:created {offer}`. */
export function announceOffers(tx: Tx, ids: readonly string[]): void {
  if (ids.length > 0) tx.afterCommit((ctx) => inBackground(ctx, ids, announcersOf(ctx).offers))
}

async function publishOffers(ctx: Ctx, ids: readonly string[]): Promise<void> {
  for (const { offer, view } of await findOfferViews(ctx.sql, { ids })) {
    if (offer.state === 'ringing') ctx.publish([offer.mitraId], { type: 'offer:created', offer: view }, { key: `offer:${offer.id}:${offer.version}` })
  }
}

/** After the commit, stops the ringing: `offer:ended {offerId, outcome}`. */
export function announceOfferEnded(tx: Tx, offer: Pick<Offer, 'id' | 'mitraId' | 'state' | 'version'>): void {
  tx.afterCommit((ctx) => ctx.publish([offer.mitraId], { type: 'offer:ended', offerId: offer.id, outcome: offer.state }, { key: `offer:${offer.id}:${offer.version}` }))
}

// The healer finds what this could not tell: a failure here costs seconds, not the event.
function inBackground(ctx: Ctx, ids: readonly string[], announce: Coalesced<string, void>): void {
  Promise.all(ids.map((id) => announce(id))).catch((error: unknown) => ctx.log.warn({ err: error }, 'an event could not be published'))
}
