import { and, eq } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, violatedConstraint, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPayment } from '../payments/index.ts'
import { planRefund, type Plan } from './plan-refund.ts'
import { refunds, type Refund } from './tables.ts'
import { tellCustomer } from './tell-customer.ts'

/**
 * A customer asks for their money back. Nothing moves: staff decide, and how much it is is found out then. The same
 * key answers the first request. Throws `not_found`, `refund_exceeds` where nothing can be given back, and `conflict`
 * while another request for this payment waits.
 */
export async function requestRefund(ctx: Ctx, customerId: string, paymentId: string, input: { reason: string }, requestKey: string): Promise<Refund> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (payment?.customerId !== customerId) throw new AppError('not_found')
  return onceByKey(ctx, { paymentId, requestedBy: customerId, requestKey }, (tx) => {
    crashPointAfterCommit(tx, 'refund.requested')
    return request(tx, paymentId, { reason: input.reason, requestedBy: customerId, requestKey })
  })
}

async function request(tx: Tx, paymentId: string, asked: { reason: string; requestedBy: string; requestKey: string }): Promise<Refund> {
  const { payment } = await planRefund(tx, { paymentId, clawback: false, method: 'provider' })
  const refund = await insertRefund(tx, payment, { ...asked, requestedByKind: 'customer' })
  await tellCustomer(tx, refund, 'requested')
  crashPoint('refund.requesting')
  tx.log.info({ event: 'refund_requested', refundId: refund.id, paymentId }, 'a customer asks for their money back')
  return refund
}

type NewRefund = Pick<Refund, 'reason' | 'requestedBy' | 'requestedByKind'> & Partial<Pick<Refund, 'requestKey' | 'amountIdr' | 'clawback' | 'method'>>

/** Writes down a refund that is asked for. Everything else follows from `approveRefund`. */
export async function insertRefund(tx: Tx, payment: Plan['payment'], asked: NewRefund): Promise<Refund> {
  const [refund] = await tx.sql.insert(refunds)
    .values({ ...asked, id: tx.ids.next(), paymentId: payment.id, sessionId: payment.sessionId, customerId: payment.customerId, state: 'requested' })
    .returning()
  return refund!
}

type RequestKey = { paymentId: string; requestedBy: string; requestKey: string }

/** Runs `work` unless this key has made its refund before; then answers that one. Throws `conflict` while another waits. */
export async function onceByKey(ctx: Ctx, key: RequestKey, work: (tx: Tx) => Promise<Refund>): Promise<Refund> {
  const made = await findByKey(ctx.sql, key)
  if (made) return made
  try {
    return await transact(ctx, work)
  } catch (error) {
    const first = await findByKey(ctx.sql, key)
    if (first) return first
    if (violatedConstraint(error) === 'refunds_one_requested') throw new AppError('conflict', 'A refund of this payment waits for its decision already.')
    throw error
  }
}

async function findByKey(handle: Queryable, key: RequestKey): Promise<Refund | undefined> {
  const [refund] = await handle.select().from(refunds)
    .where(and(eq(refunds.paymentId, key.paymentId), eq(refunds.requestedBy, key.requestedBy), eq(refunds.requestKey, key.requestKey)))
  return refund
}
