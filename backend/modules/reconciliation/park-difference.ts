import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { parkListed, type ListedDifference } from '../payments/index.ts'
import { isParked, noteDifference, type Counts } from './queries.ts'

/** A comparison that is under way, and what it has found so far. */
export type Run = { id: string; counts: Counts }

/** Parks what an invoice of the provider differs in, once: staff find it among the parked events. */
export async function parkDifference(ctx: Ctx, run: Run, listed: ListedDifference, what: string, paymentId?: string): Promise<void> {
  if (await isParked(ctx.sql, 'payment', listed.invoiceId, what)) return
  await transact(ctx, async (tx) => {
    const inboxEventId = await parkListed(tx, listed, what, paymentId)
    // Two comparisons at once: one of them notes it, and only that one counts it.
    if (!(await noteDifference(tx, run.id, { kind: 'payment', providerId: listed.invoiceId, subjectId: paymentId, what, outcome: 'parked', inboxEventId }))) return
    tx.afterCommit(() => countParked(ctx, run, 'payment'))
  })
  ctx.log.warn({ providerInvoiceId: listed.invoiceId, paymentId, what }, 'the provider’s list differs from our books')
}

export function countParked(ctx: Ctx, run: Run, kind: string): void {
  run.counts.parked++
  ctx.metrics.reconciliationDifferences.inc({ kind, outcome: 'parked' })
}
