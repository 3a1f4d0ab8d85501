import type { Ctx } from '../../platform/ctx.ts'
import { findPayment, markExpired, markFailed, type Payment } from '../payments/index.ts'
import { dropExtension } from './drop-extension.ts'
import { decideOnSession, findPendingExtension, SessionMoved } from './queries.ts'

/** The invoice of an extension is over unpaid: the extension is dropped, if the session still waits for it. */
export async function endExtensionPayment(ctx: Ctx, payment: Pick<Payment, 'id' | 'sessionId' | 'purchaseId'>): Promise<void> {
  await decideOnSession(ctx, payment.sessionId, async (tx, seen) => {
    const pending = await findPendingExtension(tx.sql, payment.purchaseId)
    if (pending) await dropExtension(tx, seen, pending, 'expired')
    if (!(await markExpired(tx, payment.id))) await markFailed(tx, payment.id)
  })
}

/** The same where no invoice could be made in time. One that is ended already is not our concern: there may be an invoice to find. */
export async function extensionNotCreated(ctx: Ctx, payment: Pick<Payment, 'id' | 'sessionId' | 'purchaseId'>): Promise<void> {
  await decideOnSession(ctx, payment.sessionId, async (tx, seen) => {
    const current = await findPayment(tx.sql, payment.id)
    const pending = await findPendingExtension(tx.sql, payment.purchaseId)
    if (!pending || current?.state !== 'creating') return
    await dropExtension(tx, seen, pending, 'payment_unavailable')
    // The invoice was made between the look and the end: the extension goes on with it.
    if (!(await markFailed(tx, payment.id))) throw new SessionMoved()
  })
}
