import { eq } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { setMayReopen } from '../chat/index.ts'
import { notify } from '../notifications/index.ts'
import { closePayment, findPaymentOfPurchase } from '../payments/index.ts'
import { announceSessions } from './announce.ts'
import { fundedPart, returnMoney } from './money.ts'
import { changeSession, SYSTEM, type Seen } from './queries.ts'
import { returnAll } from './rules.ts'
import { purchases, type Purchase, type Session } from './tables.ts'
import { END_INVOICE } from './topics.ts'

/** `expired`: its invoice is over unpaid. `payment_unavailable`: it never had one. `too_late`: its money came when the time was over. */
export type DropReason = 'expired' | 'payment_unavailable' | 'too_late'

/** A session that runs goes on without the extension that was waited for; what of it came out of the wallet is given back. */
export async function dropExtension(tx: Tx, seen: Seen, extension: Purchase, reason: DropReason): Promise<void> {
  const { session } = seen
  await changeSession(tx, seen, { set: {}, event: 'extension_dropped', actor: SYSTEM, reason, details: { purchaseId: extension.id } })
  await releaseExtension(tx, session, extension)
  await notify(tx, [{
    userId: session.customerId, template: 'session.extension_dropped', dedupeKey: `dropped:${extension.id}`, data: { sessionId: session.id },
  }])
  announceSessions(tx, [session.id])
}

/**
 * Whatever ends a session, or its wait for an extension: what was taken for it goes back, its invoice is ended at the
 * provider after the commit, and what is paid all the same goes to the wallet. The session's row is changed already.
 */
export async function releaseExtension(tx: Tx, session: Session, extension: Purchase): Promise<void> {
  crashPointAfterCommit(tx, 'extension.dropped')
  if (session.conversationId) await setMayReopen(tx, session.conversationId, false)
  const payment = await findPaymentOfPurchase(tx.sql, extension.id)
  if (payment) {
    await closePayment(tx, payment.id)
    await writeOutbox(tx, [{ topic: END_INVOICE, payload: { paymentId: payment.id } }])
  }
  await returnMoney(tx, session, [extension], [returnAll(fundedPart(extension))], null)
  await tx.sql.update(purchases).set({ state: 'dropped' }).where(eq(purchases.id, extension.id))
  crashPoint('extension.dropping')
}
