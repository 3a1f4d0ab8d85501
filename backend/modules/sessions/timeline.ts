import { asc, eq } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPostingsOfSession } from '../ledger/index.ts'
import { findPaymentsOfSessions } from '../payments/index.ts'
import { findPurchases } from './queries.ts'
import { offers, sessionEvents, tips } from './tables.ts'

export type TimelineEntry = {
  at: Date
  kind: 'event' | 'offer' | 'extension' | 'payment' | 'posting' | 'tip'
  title: string
  details: Record<string, unknown>
}

/** What happened to a session as this module and those below it know it, each kind by time. `paymentIds`: all that were made for it. */
export async function findTimeline(handle: Queryable, sessionId: string): Promise<{ entries: TimelineEntry[]; paymentIds: string[] }> {
  const [events, rung, bought, paid, postings, tipped] = await Promise.all([
    handle.select().from(sessionEvents).where(eq(sessionEvents.sessionId, sessionId)).orderBy(asc(sessionEvents.id)),
    handle.select().from(offers).where(eq(offers.sessionId, sessionId)).orderBy(asc(offers.id)),
    findPurchases(handle, sessionId),
    findPaymentsOfSessions(handle, [sessionId], ['session', 'extension', 'tip']),
    findPostingsOfSession(handle, sessionId),
    handle.select().from(tips).where(eq(tips.sessionId, sessionId)).orderBy(asc(tips.id)),
  ])
  const entries: TimelineEntry[] = [
    ...events.map((event) => ({
      at: event.at, kind: 'event' as const, title: event.event,
      details: { from: event.fromState, to: event.toState, actor: event.actorKind, actorId: event.actorId, reason: event.reason, ...event.details },
    })),
    ...rung.map((offer) => ({ at: offer.createdAt, kind: 'offer' as const, title: offer.state, details: { offerId: offer.id, mitraId: offer.mitraId, endedAt: offer.endedAt?.toISOString() ?? null } })),
    ...bought.filter((purchase) => purchase.kind === 'extension').map((purchase) => ({
      at: purchase.createdAt, kind: 'extension' as const, title: purchase.state,
      details: { purchaseId: purchase.id, minutes: purchase.minutes, priceIdr: purchase.priceIdr, promoIdr: purchase.promoIdr, walletIdr: purchase.walletIdr, invoiceIdr: purchase.invoiceIdr, returnedIdr: purchase.returnedIdr },
    })),
    ...paid.map((payment) => ({
      at: payment.createdAt, kind: 'payment' as const, title: payment.state,
      details: { paymentId: payment.id, kind: payment.kind, amountIdr: payment.amountIdr, walletIdr: payment.walletIdr, providerInvoiceId: payment.providerInvoiceId, paidAt: payment.paidAt?.toISOString() ?? null, expiresAt: payment.expiresAt.toISOString() },
    })),
    ...postings.map((posting) => ({ at: posting.at, kind: 'posting' as const, title: posting.flow, details: { key: posting.key, entries: posting.entries } })),
    ...tipped.map((tip) => ({ at: tip.createdAt, kind: 'tip' as const, title: tip.state, details: { tipId: tip.id, mitraId: tip.mitraId, amountIdr: tip.amountIdr, fromWallet: tip.fromWallet, paidAt: tip.paidAt?.toISOString() ?? null } })),
  ]
  return { entries, paymentIds: paid.map((payment) => payment.id) }
}
