import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { mayCharge } from '../../platform/switches.ts'
import { notify } from '../notifications/index.ts'
import { createPayment } from '../payments/index.ts'
import { announceSessions } from './announce.ts'
import { finishSession } from './finish-session.ts'
import { fundPurchase } from './money.ts'
import { makeOffers, offerUntil } from './offer-session.ts'
import { addSeconds, changeSession, findPurchases, SYSTEM, type Seen } from './queries.ts'
import { purchases, type Session } from './tables.ts'

/**
 * A slot was found for a queued session: it is held while the customer pays, or rings at once where nothing is to be
 * paid. The slot has been claimed and the session's row is locked by this transaction.
 */
export async function beginHold(tx: Tx, seen: Seen, found: { mitraId: string; cameFromQueue: boolean }): Promise<void> {
  const { session, now } = seen
  const { mitraId, cameFromQueue } = found
  const [purchase] = await findPurchases(tx.sql, session.id)
  const split = purchase && (await fundPurchase(tx, session, purchase, session.useWallet))
  if (!purchase || !split || (split.invoiceIdr > 0 && !mayCharge(tx))) {
    await finishSession(tx, { session: { ...session, slotMitraId: mitraId }, now }, { to: 'cancelled', reason: 'payment_unavailable', actor: SYSTEM, give: 'all' })
    return
  }
  if (split.invoiceIdr === 0) {
    await ringAtOnce(tx, seen, mitraId)
    return
  }
  const holdUntil = addSeconds(now, tx.settings.get(cameFromQueue ? 'queuedHoldSeconds' : 'holdSeconds'))
  const held = await changeSession(tx, seen, {
    set: { state: 'held', slotMitraId: mitraId, heldAt: now, holdUntil, dueAt: holdUntil }, event: 'slot_found', actor: SYSTEM, details: { mitraId },
  })
  await createPayment(tx, {
    customerId: session.customerId, sessionId: session.id, purchaseId: purchase.id, amountIdr: split.invoiceIdr,
    walletIdr: split.promoIdr + split.walletIdr, description: `halobestie ${session.minutes} menit`, expiresAt: holdUntil,
  })
  if (cameFromQueue) {
    await notify(tx, [{
      userId: session.customerId, template: 'session.turn', dedupeKey: `held:${session.id}`, data: { sessionId: session.id }, ttlSeconds: tx.settings.get('queuedHoldSeconds'),
    }])
  }
  announceSessions(tx, [held.id])
}

async function ringAtOnce(tx: Tx, seen: Seen, mitraId: string): Promise<void> {
  const ringUntil = addSeconds(seen.now, tx.settings.get('ringingSeconds'))
  const expiresAt = offerUntil(tx, seen.now, ringUntil)
  const session = await changeSession(tx, seen, {
    set: { state: 'ringing', slotMitraId: mitraId, paidAt: seen.now, ringUntil, offersMade: 1, dueAt: expiresAt },
    event: 'slot_found', actor: SYSTEM, details: { mitraId, nothingToPay: true },
  })
  await makeOffers(tx, [{ session, mitraId, expiresAt }])
  announceSessions(tx, [session.id])
}

/** The session's own purchase, waiting to be funded when the hold begins. */
export async function insertPurchase(tx: Tx, session: Session): Promise<void> {
  await tx.sql.insert(purchases).values({
    id: tx.ids.next(), sessionId: session.id, kind: 'session', position: 1, packageId: session.packageId, minutes: session.minutes, priceIdr: session.priceIdr,
    state: 'waiting', promoIdr: 0, walletIdr: 0, invoiceIdr: 0, promoLots: [], returnedIdr: 0, createdAt: sql`app_now()`,
  })
}
