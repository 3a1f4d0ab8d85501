import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { setWritableUntil } from '../chat/index.ts'
import { closeServed, freeSlots } from '../mitras/index.ts'
import { account, sumAccount } from '../ledger/index.ts'
import { notify, type Notice } from '../notifications/index.ts'
import { endPromoUse, findPromoUse } from '../promotions/index.ts'
import { announceSessions } from './announce.ts'
import { releaseExtension } from './drop-extension.ts'
import { signalMatching } from './matching-signal.ts'
import { fundedPart, promoUsed, returnMoney, settleEscrow } from './money.ts'
import { endOffer, ringEnded } from './offer-session.ts'
import { changeSession, findPurchases, isBought, isPending, type Actor, type Seen } from './queries.ts'
import { remindToRate } from './remind-to-rate.ts'
import { bankTime, capByEscrow, returnAll, type Returned } from './rules.ts'
import type { EndedBy, Purchase, Session } from './tables.ts'

export type Finish = {
  to: 'ended' | 'cancelled' | 'expired' | 'unserved'
  reason: string
  actor: Actor
  /** `all`: an exit before active. `unused`: time banking. `nothing`: the customer's own end, or the time is up. */
  give: 'all' | 'unused' | 'nothing'
}

/**
 * Puts a session into a terminal state: money returned and settled so that the escrow is zero, a pending extension
 * dropped, the slot freed, the offer withdrawn, the conversation closed. Everything in the caller's transaction.
 */
export async function finishSession(tx: Tx, seen: Seen, finish: Finish): Promise<Session> {
  markFinished(tx)
  const { session, now } = seen
  const bought = await findPurchases(tx.sql, session.id)
  const pending = bought.find(isPending)
  // What a pending extension has put there goes back by itself. Whoever takes out of the escrow besides us changes the
  // session's version: the guarded change then decides anew.
  const escrowIdr = (await sumAccount(tx.sql, account.escrow(session.id))) - (pending ? pending.promoIdr + pending.walletIdr : 0)
  const returned = capByEscrow(whatGoesBack(session, bought, now, finish.give), escrowIdr)
  const returnedIdr = returned.reduce((sum, part) => sum + part.promoIdr + part.walletIdr, 0)
  const ended = await changeSession(tx, seen, {
    set: {
      state: finish.to, slotMitraId: null, dueAt: null, endedAt: now, endReason: finish.reason, endedBy: endedBy(finish.actor),
      ...(bought.some((purchase) => purchase.state !== 'waiting') ? { returnedIdr } : {}),
    },
    event: finish.to, actor: finish.actor, reason: finish.reason, details: { returnedIdr },
  })
  const offer = session.state === 'ringing' ? await endOffer(tx, session.id, 'withdrawn') : undefined
  if (session.conversationId && session.mitraId) {
    // The time was up when it was up, however late it was noticed.
    const at = session.state === 'active' && session.endsAt && session.endsAt < now ? session.endsAt : now
    await setWritableUntil(tx, session.conversationId, at)
    if (session.state === 'active') await closeServed(tx, { mitraId: session.mitraId, sessionId: session.id, at })
  }
  if (pending) await releaseExtension(tx, session, pending)
  if (session.slotMitraId) await freeSlots(tx, [session.slotMitraId])
  crashPoint('session.finishing')
  const use = await findPromoUse(tx.sql, session.id)
  const codeIdr = await returnMoney(tx, session, bought, returned, use?.lotId ?? null)
  if (use) await endPromoUse(tx, use, codeIdr)
  crashPoint('session.returned')
  if (session.mitraId) await settleEscrow(tx, session, session.mitraId, promoUsed(bought, returned))
  crashPoint('session.settled')
  await notify(tx, [...noticesOfEnd(ended), ...ringEnded(offer)])
  await remindToRate(tx, ended)
  tx.metrics.sessionsEnded.inc({ state: finish.to, reason: finish.reason })
  announceSessions(tx, [session.id])
  if (session.slotMitraId) tx.afterCommit(signalMatching)
  return ended
}

/** Where a process may die that has just committed the end of sessions. */
export function markFinished(tx: Tx): void {
  crashPointAfterCommit(tx, 'session.finished')
}

function whatGoesBack(session: Session, bought: readonly Purchase[], now: Date, give: Finish['give']): Returned[] {
  const funded = bought.filter(isBought).map(fundedPart)
  if (give === 'nothing') return []
  if (give === 'all') return funded.toReversed().map(returnAll)
  const usedUntil = session.state === 'paused' ? session.pausedAt : now
  const unusedMs = (session.endsAt?.getTime() ?? 0) - (usedUntil?.getTime() ?? 0)
  return bankTime(funded, unusedMs / 1000)
}

function endedBy(actor: Actor): EndedBy {
  return actor.kind === 'provider' ? 'system' : actor.kind
}

/** Reasons that a customer who did not end it is told of, each in its own words. */
const TOLD_REASONS = ['time_up', 'mitra_ended', 'pause_limit', 'staff_ended', 'no_answer', 'mitra_unavailable', 'payment_unavailable', 'queue_expired'] as const

/** What the two are told of the end: whoever ended it knows; everybody else is told, once. */
export function noticesOfEnd(session: Session): Notice[] {
  const reason = TOLD_REASONS.find((one) => one === session.endReason)
  const about = { dedupeKey: `ended:${session.id}`, data: { sessionId: session.id } }
  return [
    ...(reason && session.endedBy !== 'customer' ? [{ ...about, userId: session.customerId, template: `session.ended.${reason}` } as const] : []),
    ...(session.mitraId && session.endedBy !== 'mitra' ? [{ ...about, userId: session.mitraId, template: 'session.ended.for_mitra' } as const] : []),
  ]
}
