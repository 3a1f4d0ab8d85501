import type { Ctx, Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { closePayment, expireInvoice, findPayment, findPaymentsOfSessions, markExpired, markFailed, refreshPayment, type Payment } from '../payments/index.ts'
import { announceSessions } from './announce.ts'
import { applyPayment } from './apply-payment.ts'
import { finishSession } from './finish-session.ts'
import { addSeconds, changeSession, decideOnSession, findSession, PROVIDER, SYSTEM, type Actor, type Seen } from './queries.ts'
import type { ClosingReason, Session } from './tables.ts'

export const CLOSE_HOLD = 'sessions.close-hold'
export type Closing = { reason: ClosingReason; actor: Actor }

/**
 * The first half of ending a hold: nothing is decided yet, the provider is asked to expire the invoice. Then
 * `finishClosing` (at once by the caller, by the outbox, or by the deadline). A hold that is closing stays as it is.
 */
export async function startClosing(ctx: Ctx, sessionId: string, closing: Closing): Promise<void> {
  await decideOnSession(ctx, sessionId, (tx, seen) => markClosing(tx, seen, closing))
}

/** The same inside a transaction that has read the session. Does nothing unless it is a hold that is not closing yet. */
export async function markClosing(tx: Tx, seen: Seen, closing: Closing): Promise<void> {
  if (seen.session.state !== 'held' || seen.session.closingAt) return
  await changeSession(tx, seen, {
    set: { closingAt: seen.now, closingReason: closing.reason, dueAt: addSeconds(seen.now, tx.settings.get('closingSeconds')) },
    event: 'closing', actor: closing.actor, reason: closing.reason,
  })
  const payment = (await findPaymentsOfSessions(tx.sql, [seen.session.id])).at(-1)
  if (payment) await closePayment(tx, payment.id)
  await writeOutbox(tx, [{ topic: CLOSE_HOLD, payload: { sessionId: seen.session.id } }])
  announceSessions(tx, [seen.session.id])
}

/**
 * The second half: paid after all → the payment is applied (after a deadline it rings, otherwise the money goes to the
 * wallet); expired → the hold ends. Throws while the provider does not answer, to be tried again until the deadline.
 */
export async function finishClosing(ctx: Ctx, sessionId: string): Promise<void> {
  const seen = await findSession(ctx.sql, sessionId)
  if (!seen || seen.session.state !== 'held' || !seen.session.closingAt) return
  const payment = (await findPaymentsOfSessions(ctx.sql, [sessionId])).at(-1)
  const outcome = payment ? await expireInvoice(ctx, payment.id) : 'expired'
  if (payment && outcome === 'paid') await refreshPayment(ctx, { apply: applyPayment, expired: paymentExpired }, payment.id)
  if (outcome === 'unanswered') throw new Error('the provider did not answer about an invoice that is to be closed')
  if (outcome === 'expired') await endClosing(ctx, sessionId)
}

/** Ends a closing hold whatever the provider says: it answered `expired`, or not at all in `closingSeconds`. */
export async function endClosing(ctx: Ctx, sessionId: string): Promise<void> {
  await decideOnSession(ctx, sessionId, async (tx, seen) => {
    const { session } = seen
    if (session.state !== 'held' || !session.closingAt) return
    const isExpiry = session.closingReason === 'deadline' || session.closingReason === 'payment_expired'
    await finishSession(tx, seen, {
      to: isExpiry ? 'expired' : 'cancelled', reason: isExpiry ? 'hold_expired' : session.closingReason ?? 'customer_cancelled', actor: closingActor(session), give: 'all',
    })
    const payment = (await findPaymentsOfSessions(tx.sql, [session.id])).at(-1)
    if (payment) await endPayment(tx, payment)
  })
}

async function endPayment(tx: Tx, payment: Payment): Promise<void> {
  await (payment.state === 'creating' ? markFailed(tx, payment.id) : markExpired(tx, payment.id))
}

/** Who started the closing, as the end is written down. */
export function closingActor(session: Session): Actor {
  if (session.closingReason === 'customer_cancelled') return { kind: 'customer', id: session.customerId }
  return session.closingReason === 'staff_ended' ? { kind: 'staff' } : SYSTEM
}

/** The invoice of a hold ended unpaid at the provider: the hold ends with it. */
export async function paymentExpired(ctx: Ctx, paymentId: string): Promise<void> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (!payment) return
  await startClosing(ctx, payment.sessionId, { reason: 'payment_expired', actor: PROVIDER })
  await finishClosing(ctx, payment.sessionId)
}

/** An invoice that could not be made in time ends its hold at once: there is nothing at the provider to expire. */
export async function paymentNotCreated(ctx: Ctx, paymentId: string): Promise<void> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (!payment) return
  await decideOnSession(ctx, payment.sessionId, async (tx, seen) => {
    if (seen.session.state !== 'held') return
    await finishSession(tx, seen, { to: 'cancelled', reason: 'payment_unavailable', actor: SYSTEM, give: 'all' })
    await markFailed(tx, payment.id)
  })
}
