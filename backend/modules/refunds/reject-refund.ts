import { and, eq, gt, or, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { STUCK } from '../../platform/resend-lost.ts'
import { lockSession } from '../sessions/index.ts'
import { MANUAL, mayBeRejected, mayBeSettled } from './acts.ts'
import { SEND_REFUND } from './approve-refund.ts'
import { findRefund, lockRefund } from './queries.ts'
import { postOutcome, settleRefund } from './settle-refund.ts'
import { refunds, type Refund } from './tables.ts'
import { tellCustomer } from './tell-customer.ts'

type Decision = { decidedBy?: string; reason?: string | undefined }

/**
 * → cancelled: a request that is not granted, or what was approved and the provider was never asked to make: its money
 * goes back. Throws `not_found`, and `conflict` where it has gone further, or is made by hand: then two persons say what
 * became of it.
 */
export async function rejectRefund(tx: Tx, refundId: string, decision: Decision): Promise<Refund> {
  const refund = await lockDecided(tx, refundId)
  if (!mayBeRejected(refund)) throw new AppError('conflict', `The refund is ${refund.state} already.`)
  const [cancelled] = await tx.sql.update(refunds)
    .set({
      state: 'cancelled', decidedBy: decision.decidedBy ?? null, decisionReason: decision.reason ?? null, settledAt: sql`app_now()`, claimedUntil: null, needsStaff: null,
      version: sql`${refunds.version} + 1`,
    })
    .where(eq(refunds.id, refundId)).returning()
  if (refund.state === 'approved') await postOutcome(tx, cancelled!, 'cancelled')
  await tellCustomer(tx, cancelled!, 'rejected')
  return cancelled!
}

/**
 * Lets the provider be asked again for what it refused, or for what stands still; never for what was decided to be made
 * by hand. Throws `not_found`, `conflict`.
 */
export async function retryRefund(tx: Tx, refundId: string): Promise<Refund> {
  const isRefused = and(eq(refunds.method, 'manual'), sql`${refunds.needsStaff} <> ${MANUAL}`)
  const [again] = await tx.sql.update(refunds)
    .set({ method: 'provider', needsStaff: null, sendFailures: 0, resends: 0, resentAt: sql`app_now()`, version: sql`${refunds.version} + 1` })
    .where(and(eq(refunds.id, refundId), eq(refunds.state, 'approved'), or(eq(refunds.needsStaff, STUCK), isRefused))).returning()
  if (!again) throw await whyNot(tx, refundId)
  await writeOutbox(tx, [{ topic: SEND_REFUND, payload: { refundId } }])
  return again
}

/** Whether a person may say what became of it. Throws `not_found`, `conflict`. */
export async function assertByHand(tx: Tx, refundId: string): Promise<Refund> {
  const refund = await lockDecided(tx, refundId)
  if (!mayBeSettled(refund)) throw new AppError('conflict', 'This refund waits for nobody.')
  return refund
}

/** What two persons say became of a refund that the provider does not do. Throws as `assertByHand`. */
export async function settleByHand(tx: Tx, refundId: string, said: { outcome: 'succeeded' | 'failed'; reference: string }): Promise<Refund> {
  const refund = await assertByHand(tx, refundId)
  if (await isClaimed(tx, refundId)) throw new AppError('conflict', 'The provider is being asked: try again in a minute.')
  await settleRefund(tx, refund, said.outcome, { providerStatus: 'by_hand', settledReference: said.reference })
  return (await findRefund(tx.sql, refundId))!
}

// Who has claimed it may be asking the provider for it at this moment; a claim of a process that died runs out.
async function isClaimed(tx: Tx, refundId: string): Promise<boolean> {
  const [row] = await tx.sql.select({ id: refunds.id }).from(refunds).where(and(eq(refunds.id, refundId), gt(refunds.claimedUntil, sql`app_now()`)))
  return row !== undefined
}

async function lockDecided(tx: Tx, refundId: string): Promise<Refund> {
  const seen = await findRefund(tx.sql, refundId)
  if (!seen) throw new AppError('not_found', 'no such refund')
  await lockSession(tx, seen.sessionId)
  return (await lockRefund(tx, refundId))!
}

async function whyNot(tx: Tx, refundId: string): Promise<AppError> {
  const seen = await findRefund(tx.sql, refundId)
  return seen ? new AppError('conflict', 'The provider has not refused this refund.') : new AppError('not_found', 'no such refund')
}
