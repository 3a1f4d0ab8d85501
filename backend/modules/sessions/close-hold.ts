import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { closePayment, expireInvoice, findPayment, findPaymentsOfSessions, markExpired, markFailed } from '../payments/index.ts'
import { announceSessions } from './announce.ts'
import { applyPayment } from './apply-payment.ts'
import { endTipPayment } from './apply-tip.ts'
import { extensionNotCreated, endExtensionPayment } from './end-extension.ts'
import { finishSession } from './finish-session.ts'
import { addSeconds, changeSession, decideOnSession, findSession, PROVIDER, SessionMoved, SYSTEM, type Actor, type Seen } from './queries.ts'
import type { ClosingReason, Session } from './tables.ts'
import { tellExpired } from './tell-payment.ts'
import { CLOSE_HOLD, END_INVOICE } from './topics.ts'

export type Closing = { reason: ClosingReason; actor: Actor }

/**
 * The first half of ending a hold: nothing is decided yet, the provider is asked to expire the invoice. Then
 * `finishClosing` (at once by the caller, by the outbox, or by the deadline). A hold that is closing stays as it is.
 */
export async function startClosing(ctx: Ctx, sessionId: string, closing: Closing): Promise<void> {
  await decideOnSession(ctx, sessionId, (tx, seen) => markClosing(tx, seen, closing))
}

/**
 * The same inside a transaction that has read the session. Answers whether it changed anything: a hold that is closing
 * already stays as it is, unless somebody gives up what only a deadline was ending.
 */
export async function markClosing(tx: Tx, seen: Seen, closing: Closing): Promise<boolean> {
  if (seen.session.state !== 'held') return false
  if (seen.session.closingAt) return giveUpMeanwhile(tx, seen, closing)
  crashPointAfterCommit(tx, 'closing.marked')
  await changeSession(tx, seen, {
    set: { closingAt: seen.now, closingReason: closing.reason, dueAt: addSeconds(seen.now, tx.settings.get('closingSeconds')) },
    event: 'closing', actor: closing.actor, reason: closing.reason,
  })
  const payment = (await findPaymentsOfSessions(tx.sql, [seen.session.id])).at(-1)
  if (payment) await closePayment(tx, payment.id)
  await writeOutbox(tx, [{ topic: CLOSE_HOLD, payload: { sessionId: seen.session.id } }])
  crashPoint('closing.marking')
  announceSessions(tx, [seen.session.id])
  return true
}

const isExpiry = (reason: ClosingReason | null): boolean => reason === 'deadline' || reason === 'payment_expired'

// Money that comes now does not ring for somebody who has said no.
async function giveUpMeanwhile(tx: Tx, seen: Seen, closing: Closing): Promise<boolean> {
  if (!isExpiry(seen.session.closingReason) || isExpiry(closing.reason)) return false
  await changeSession(tx, seen, { set: { closingReason: closing.reason }, event: 'closing', actor: closing.actor, reason: closing.reason })
  return true
}

/**
 * The second half: paid after all → the payment is applied (after a deadline it rings, otherwise the money goes to the
 * wallet); expired → the hold ends. Throws while the provider does not answer, to be tried again until the deadline.
 */
export async function finishClosing(ctx: Ctx, sessionId: string): Promise<void> {
  const seen = await findSession(ctx.sql, sessionId)
  if (!seen || seen.session.state !== 'held' || !seen.session.closingAt) return
  const payment = (await findPaymentsOfSessions(ctx.sql, [sessionId])).at(-1)
  const outcome = payment ? await expireInvoice(ctx, applyPayment, payment.id) : 'expired'
  if (outcome === 'unanswered' || outcome === 'not_confirmed') throw new Error('the provider did not answer usefully about an invoice that is to be closed')
  if (outcome === 'expired') await endClosing(ctx, sessionId, 'answered')
}

/**
 * Ends a closing hold: the provider answered that nobody can pay any more, or it is `overdue` because no answer came in
 * `closingSeconds`. An overdue one leaves an invoice that may still be paid: the provider goes on being asked to end it,
 * and what is paid goes to the wallet.
 */
export async function endClosing(ctx: Ctx, sessionId: string, why: 'answered' | 'overdue'): Promise<void> {
  await decideOnSession(ctx, sessionId, async (tx, seen) => {
    const { session, now } = seen
    if (session.state !== 'held' || !session.closingAt) return
    if (why === 'overdue' && session.dueAt && session.dueAt > now) return
    crashPointAfterCommit(tx, 'closing.ended')
    const expired = isExpiry(session.closingReason)
    await finishSession(tx, seen, {
      to: expired ? 'expired' : 'cancelled', reason: expired ? 'hold_expired' : session.closingReason ?? 'customer_cancelled', actor: closingActor(session), give: 'all',
    })
    const payment = (await findPaymentsOfSessions(tx.sql, [session.id])).at(-1)
    if (payment && why === 'answered') await endPayment(tx, payment.id)
    if (payment && expired) await tellExpired(tx, payment)
    if (payment && why === 'overdue') await writeOutbox(tx, [{ topic: END_INVOICE, payload: { paymentId: payment.id } }])
    crashPoint('closing.ending')
  })
}

async function endPayment(tx: Tx, paymentId: string): Promise<void> {
  if (!(await markExpired(tx, paymentId))) await markFailed(tx, paymentId)
}

/** The reaction to `sessions.end-invoice`: ends the invoice of a hold that is over. Throws, to be tried again, while there is no answer. */
export async function endInvoice(ctx: Ctx, paymentId: string): Promise<void> {
  const outcome = await expireInvoice(ctx, applyPayment, paymentId)
  if (outcome === 'unanswered') throw new Error('the provider did not answer about an invoice that is to be ended')
  // An answer that does not fit our payment will not fit later: staff have it, and whatever is paid still finds us.
  if (outcome === 'expired' || outcome === 'not_confirmed') await endUnpaid(ctx, paymentId)
}

async function endUnpaid(ctx: Ctx, paymentId: string): Promise<void> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (payment?.kind === 'extension') await endExtensionPayment(ctx, payment)
  else if (payment) await transact(ctx, (tx) => (payment.kind === 'tip' ? endTipPayment(tx, payment) : endPayment(tx, paymentId)))
}

/** Who started the closing, as the end is written down. */
export function closingActor(session: Session): Actor {
  if (session.closingReason === 'customer_cancelled') return { kind: 'customer', id: session.customerId }
  return session.closingReason === 'staff_ended' ? { kind: 'staff' } : SYSTEM
}

/** An invoice ended unpaid at the provider: the hold ends with it, or the extension, or the tip. */
export async function paymentExpired(ctx: Ctx, paymentId: string): Promise<void> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (!payment) return
  if (payment.kind === 'tip') return transact(ctx, (tx) => endTipPayment(tx, payment))
  if (payment.kind === 'extension') return endExtensionPayment(ctx, payment)
  await startClosing(ctx, payment.sessionId, { reason: 'payment_expired', actor: PROVIDER })
  await finishClosing(ctx, payment.sessionId)
  // Where the hold had ended before, only the payment is left to be told.
  await transact(ctx, (tx) => endPayment(tx, paymentId))
}

/** An invoice that could not be made in time ends its hold (extension, tip) at once: there is nothing at the provider to expire. */
export async function paymentNotCreated(ctx: Ctx, paymentId: string): Promise<void> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (!payment) return
  if (payment.kind === 'tip') return transact(ctx, (tx) => endTipPayment(tx, payment))
  if (payment.kind === 'extension') return extensionNotCreated(ctx, payment)
  await decideOnSession(ctx, payment.sessionId, async (tx, seen) => {
    const current = await findPayment(tx.sql, paymentId)
    if (seen.session.state !== 'held' || current?.state !== 'creating') return
    await finishSession(tx, seen, { to: 'cancelled', reason: 'payment_unavailable', actor: SYSTEM, give: 'all' })
    // The invoice was made between the look and the end: the hold goes on with it.
    if (!(await markFailed(tx, paymentId))) throw new SessionMoved()
  })
}
