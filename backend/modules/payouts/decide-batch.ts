import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { findBatch } from './queries.ts'
import { payoutBatches, payouts, type PayoutBatch } from './tables.ts'
import { tellPayouts } from './tell-payouts.ts'

export const SEND_PAYOUT_TOPIC = 'payouts.send'

/** Hands a draft in: from now on it waits for a second person. One that is handed in already is answered as it is. */
export async function submitBatch(tx: Tx, id: string): Promise<PayoutBatch> {
  return changeBatch(tx, id, ['draft', 'submitted'], 'submitted')
}

/** The second person's word: every payout of the batch is approved and goes out. Throws `conflict` where it is not what was handed in. */
export async function approveBatch(tx: Tx, id: string, handedInIdr: number | null): Promise<PayoutBatch> {
  crashPointAfterCommit(tx, 'batch.approved')
  const batch = await changeBatch(tx, id, ['submitted'], 'approved')
  if (batch.amountIdr !== handedInIdr) throw new AppError('conflict', 'The batch is not what was handed in.')
  const approved = await tx.sql.update(payouts)
    .set({ state: 'approved', approvedAt: sql`app_now()`, version: sql`${payouts.version} + 1` })
    .where(and(eq(payouts.batchId, id), eq(payouts.state, 'requested'))).returning({ id: payouts.id })
  await writeOutbox(tx, approved.map((payout) => ({ topic: SEND_PAYOUT_TOPIC, payload: { payoutId: payout.id } })))
  crashPoint('batch.approving')
  tx.log.info({ event: 'payout_batch_approved', batchId: id, payouts: approved.length, amountIdr: batch.amountIdr }, 'a batch of payouts is approved')
  return batch
}

/** The second person said no, or nobody said anything in time: it is a draft again. */
export async function reopenBatch(tx: Tx, id: string): Promise<void> {
  await changeBatch(tx, id, ['submitted'], 'draft')
}

/** Gives a draft up: none of its payouts is made, and nothing was posted. */
export async function rejectBatch(tx: Tx, id: string): Promise<PayoutBatch> {
  const batch = await changeBatch(tx, id, ['draft', 'rejected'], 'rejected')
  const rejected = await tx.sql.update(payouts)
    .set({ state: 'failed', failureCode: 'rejected', settledAt: sql`app_now()`, version: sql`${payouts.version} + 1` })
    .where(and(eq(payouts.batchId, id), eq(payouts.state, 'requested'))).returning()
  // Only who asked is waiting for it.
  await tellPayouts(tx, rejected.filter((payout) => payout.requestedByKind === 'mitra'), 'rejected')
  tx.log.info({ event: 'payout_batch_rejected', batchId: id, payouts: rejected.length }, 'a batch of payouts is given up')
  return batch
}

async function changeBatch(tx: Tx, id: string, from: PayoutBatch['state'][], to: PayoutBatch['state']): Promise<PayoutBatch> {
  const isDecided = to === 'approved' || to === 'rejected'
  const [changed] = await tx.sql.update(payoutBatches).set({ state: to, ...(isDecided ? { decidedAt: sql`coalesce(${payoutBatches.decidedAt}, app_now())` } : {}) })
    .where(and(eq(payoutBatches.id, id), inArray(payoutBatches.state, from))).returning()
  if (changed) return changed
  const batch = await findBatch(tx.sql, id)
  if (!batch) throw new AppError('not_found', 'no such batch')
  throw new AppError('conflict', `The batch is ${batch.state}.`)
}
