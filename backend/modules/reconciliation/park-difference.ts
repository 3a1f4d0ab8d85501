import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { parkListed, type NewParked } from '../payments/index.ts'
import { noteDifferences, type NewDifference } from './queries.ts'
import type { Run } from './run.ts'

/** Parks what invoices of the provider differ in, each once for as long as it is parked: staff find it among the parked events. */
export async function parkDifferences(ctx: Ctx, run: Run, differences: readonly NewParked[]): Promise<void> {
  if (differences.length === 0) return
  await transact(ctx, async (tx) => {
    const parked = await parkListed(tx, differences)
    await note(tx, run, parked.map(({ listed, paymentId, reason, eventId }) => ({
      kind: 'payment', providerId: listed.invoiceId, subjectId: paymentId, what: reason, outcome: 'parked', inboxEventId: eventId,
    })))
  })
}

/** Writes down and counts what was healed, or parked elsewhere than in the inbox: that once for ever. */
export async function note(tx: Tx, run: Run, differences: readonly NewDifference[]): Promise<void> {
  const noted = await noteDifferences(tx, run.id, differences)
  tx.afterCommit((ctx) => {
    for (const { kind, outcome, what, providerId, subjectId } of noted) {
      ctx.metrics.reconciliationDifferences.inc({ kind, outcome })
      if (outcome === 'parked') ctx.log.warn({ reconciliationId: run.id, kind, providerId, subjectId, what }, 'the provider’s word differs from our books')
    }
  })
}
