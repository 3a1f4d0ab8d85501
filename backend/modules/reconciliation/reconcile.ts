import { z } from 'zod'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { reaction, writeOutbox, type Reaction } from '../../platform/outbox.ts'
import { callBudget, type PaymentHooks } from '../payments/index.ts'
import { askOverdue, compareOurs } from './compare-ours.ts'
import { comparePage } from './compare-page.ts'
import { comparePayouts } from './compare-payouts.ts'
import { postFees } from './post-fees.ts'
import { findRun, finishRun, insertRun, noteFault } from './queries.ts'
import { beginRun, errorOf, NO_CALLS, PAYMENTS_DISABLED, runPart, type Run } from './run.ts'
import type { Reconciliation } from './tables.ts'

const TOPIC = 'reconciliation.run'

/** `patienceMs`: how long it waits for a call to the provider, if not as its scope does. */
type Wanted = { scope: 'recent' | 'nightly'; seconds: number; patienceMs?: number }

/** Compares the last `seconds` with the provider's lists: heals what we missed, parks what is for staff, posts fees. */
export async function reconcile(ctx: Ctx, hooks: PaymentHooks, { scope, seconds, patienceMs }: Wanted): Promise<Reconciliation | undefined> {
  if (!ctx.gateways.payments.enabled) return undefined
  return runReconciliation(ctx, hooks, await insertRun(ctx, { scope, seconds }), patienceMs)
}

/** That of the night. Throws where it was not finished, so that it is tried again before the next night. */
export async function reconcileNightly(ctx: Ctx, hooks: PaymentHooks): Promise<void> {
  const run = await reconcile(ctx, hooks, { scope: 'nightly', seconds: ctx.settings.get('reconcileNightlySeconds') })
  if (run && run.error !== null) throw new Error(`the comparison of the night was not finished: ${run.error} (${run.unfinished.join(', ')})`)
}

/** The same because somebody asked for it: begun in their transaction, done after it. */
export async function askForReconciliation(tx: Tx, { seconds, askedBy }: { seconds: number; askedBy: string }): Promise<Reconciliation> {
  const run = await insertRun(tx, { scope: 'asked', seconds, askedBy })
  await writeOutbox(tx, [{ topic: TOPIC, payload: { reconciliationId: run.id } }])
  return run
}

export const reconciliationReactions = (hooks: PaymentHooks): Reaction[] => [reaction({
  topic: TOPIC,
  payload: z.object({ reconciliationId: z.uuid() }),
  async run(ctx, { reconciliationId }) {
    const row = await findRun(ctx.sql, reconciliationId)
    if (row && row.finishedAt === null) await runReconciliation(ctx, hooks, row)
  },
})]

// A fault of ours does not finish it: whoever began it tries again.
async function runReconciliation(ctx: Ctx, hooks: PaymentHooks, row: Reconciliation, patienceMs?: number): Promise<Reconciliation> {
  const run = beginRun(row, patienceMs)
  try {
    await compare(ctx, hooks, run, row)
  } catch (fault) {
    await noteFault(ctx.sql, run.id).catch((unmarked: unknown) => ctx.log.warn({ err: unmarked, reconciliationId: run.id }, 'the fault of a comparison could not be noted'))
    throw fault
  }
  const finished = await finishRun(ctx.sql, run, errorOf(run))
  const { scope, listed, agreed, healed, parked, compared, unfinished, error } = finished
  ctx.log.info({ reconciliationId: run.id, scope, listed, agreed, healed, parked, compared, unfinished, error }, 'our payments are compared with the provider’s list')
  return finished
}

async function compare(ctx: Ctx, hooks: PaymentHooks, run: Run, { fromAt, untilAt, scope }: Reconciliation): Promise<void> {
  const listed = new Set<string>()
  await runPart(ctx, run, 'invoices', async () => (ctx.gateways.payments.enabled ? await compareList(ctx, hooks, run, { fromAt, untilAt }, listed) : PAYMENTS_DISABLED))
  // Without the whole list nothing can be said to be missing there.
  await runPart(ctx, run, 'ours', async () => run.unfinished.get('invoices') ?? await compareOurs(ctx, hooks, run, { from: fromAt, until: untilAt }, listed))
  await runPart(ctx, run, 'overdue', () => askOverdue(ctx, hooks, run))
  if (scope === 'recent') return
  await runPart(ctx, run, 'payouts', () => comparePayouts(ctx, run))
  await runPart(ctx, run, 'fees', () => postFees(ctx, run))
}

async function compareList(ctx: Ctx, hooks: PaymentHooks, run: Run, window: Pick<Reconciliation, 'fromAt' | 'untilAt'>, listed: Set<string>): Promise<string | undefined> {
  for (let after: string | undefined; ;) {
    if (await callBudget(ctx).takePatiently(1, run.patienceMs) === 0) return NO_CALLS
    const page = await ctx.gateways.statements.listInvoices({ paidAfter: window.fromAt, paidBefore: window.untilAt, after })
    crashPoint('reconciliation.listed')
    // What the list calls by another status is asked about by its own name, if our books have it as paid; what can't be read is parked as that.
    for (const invoice of page.invoices) if (invoice.status === 'paid') listed.add(invoice.id)
    for (const invoiceId of page.unreadable) listed.add(invoiceId)
    await comparePage(ctx, hooks, run, page)
    if (!page.hasMore) return undefined
    if (page.next === undefined) return 'provider_unreadable'
    after = page.next
  }
}
