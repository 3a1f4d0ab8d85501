import { eq } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { account, findPosting, post } from '../ledger/index.ts'
import { findPayment, markPaid, postingKeyOfPayment, type ApplyPayment, type Payment } from '../payments/index.ts'
import { announceSessions } from './announce.ts'
import { applyTip } from './apply-tip.ts'
import { dropExtension } from './drop-extension.ts'
import { finishSession } from './finish-session.ts'
import { lengthenSession, mayLengthen } from './lengthen-session.ts'
import { signalMatching } from './matching-signal.ts'
import { makeOffers, offerUntil } from './offer-session.ts'
import { accountOfPayer } from './payer-account.ts'
import { addSeconds, changeSession, decideOnSession, findPendingExtension, PROVIDER, type Seen } from './queries.ts'
import { purchases, type Session } from './tables.ts'
import { tellPaid, tellSurplus, tellToWallet } from './tell-payment.ts'

type Confirmed = Parameters<ApplyPayment>[1]

/**
 * Applies confirmed money exactly once, in one transaction with the session: a hold rings, an extension lengthens; money
 * that nobody waits for any more goes to the customer's wallet (banned or erased: to suspense).
 */
export const applyPayment: ApplyPayment = async (ctx, confirmed) => {
  const payment = await findPayment(ctx.sql, confirmed.paymentId)
  if (!payment) throw new AppError('not_found', 'no such payment')
  if (payment.kind === 'tip') return applyTip(ctx, payment, confirmed)
  return decideOnSession(ctx, payment.sessionId, (tx, seen) => apply(tx, seen, payment, confirmed))
}

async function apply(tx: Tx, seen: Seen, payment: Payment, confirmed: Confirmed): Promise<'applied' | 'already'> {
  const key = postingKeyOfPayment(payment.id, confirmed.providerPaymentId)
  if (await findPosting(tx.sql, key)) return 'already'
  const { session } = seen
  const extension = payment.kind === 'extension' ? await findPendingExtension(tx.sql, payment.purchaseId) : undefined
  const isAwaited = payment.kind === 'extension' ? extension !== undefined && mayLengthen(tx, seen) : isHoldAwaiting(session, payment)
  const surplusIdr = confirmed.paidIdr - payment.amountIdr
  crashPointAfterCommit(tx, 'payment.applied')
  // The guarded change of the session comes first: it is what two deliveries at once are settled by.
  if (isAwaited && extension) await lengthenSession(tx, seen, extension, PROVIDER)
  else if (isAwaited) await ringPaid(tx, seen)
  else if (extension) await dropExtension(tx, seen, extension, 'too_late')
  else if (session.state === 'held' && session.closingAt) {
    await finishSession(tx, seen, { to: 'cancelled', reason: session.closingReason ?? 'customer_cancelled', actor: closer(session), give: 'all' })
  } else announceSessions(tx, [session.id])
  const paid = await markPaid(tx, payment.id, confirmed.through)
  const toPersonIdr = (isAwaited ? 0 : payment.amountIdr) + surplusIdr
  const personAccount = await accountOfPayer(tx, payment, confirmed, toPersonIdr)
  const target = isAwaited ? account.escrow(session.id) : personAccount
  const isNew = await post(tx, {
    key, flow: isAwaited ? 'payment' : 'late_payment', sessionId: session.id, paymentId: payment.id,
    entries: [{ account: account.providerClearing, amountIdr: -payment.amountIdr }, { account: target, amountIdr: payment.amountIdr }],
  })
  if (!isNew) throw new Error('a payment was posted between two looks') // rolls back; the next delivery finds it done
  if (surplusIdr > 0) {
    await post(tx, {
      key: `${key}:surplus`, flow: 'surplus', sessionId: session.id, paymentId: payment.id,
      entries: [{ account: account.providerClearing, amountIdr: -surplusIdr }, { account: personAccount, amountIdr: surplusIdr }],
    })
  }
  if (isAwaited) await tx.sql.update(purchases).set({ state: 'funded' }).where(eq(purchases.id, payment.purchaseId))
  if (isAwaited) await tellPaid(tx, payment, paid?.paidAt ?? seen.now)
  // What waits for staff is not theirs yet.
  if (personAccount === account.wallet(payment.customerId) && toPersonIdr > 0) await (isAwaited ? tellSurplus : tellToWallet)(tx, payment, key, toPersonIdr)
  crashPoint('payment.applying')
  tx.log.info({ event: 'payment_applied', paymentId: payment.id, sessionId: session.id, toSession: isAwaited }, 'payment applied')
  return 'applied'
}

function isHoldAwaiting(session: Session, payment: Payment): boolean {
  if (session.state !== 'held' || payment.state === 'paid') return false
  return session.closingAt === null || session.closingReason === 'deadline' || session.closingReason === 'payment_expired'
}

// A paid hold rings its own mitra at once; where the slot was lost meanwhile it waits for the next, ahead of the queue.
async function ringPaid(tx: Tx, seen: Seen): Promise<void> {
  const { session, now } = seen
  const ringUntil = addSeconds(now, tx.settings.get('ringingSeconds'))
  const mitraId = session.slotMitraId
  const expiresAt = offerUntil(tx, now, ringUntil)
  const ringing = await changeSession(tx, seen, {
    set: { state: 'ringing', paidAt: now, ringUntil, closingAt: null, closingReason: null, offersMade: mitraId ? 1 : 0, dueAt: mitraId ? expiresAt : ringUntil },
    event: 'payment_applied', actor: PROVIDER, details: mitraId ? { mitraId } : {},
  })
  if (mitraId) await makeOffers(tx, [{ session: ringing, mitraId, expiresAt }])
  else tx.afterCommit(signalMatching)
  announceSessions(tx, [session.id])
}

function closer(session: Session): { kind: 'customer' | 'system' | 'staff' } {
  return { kind: session.closingReason === 'customer_cancelled' ? 'customer' : session.closingReason === 'staff_ended' ? 'staff' : 'system' }
}
