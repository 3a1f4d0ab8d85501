import { z } from 'zod'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { GatewayError } from '../../platform/gateways.ts'
import { reaction, writeOutbox, type Reaction } from '../../platform/outbox.ts'
import { callBudget, type PaymentHooks } from '../payments/index.ts'
import { askOverdue, compareOurs } from './compare-ours.ts'
import { comparePage } from './compare-page.ts'
import { comparePayouts } from './compare-payouts.ts'
import { parkDifference, type Run } from './park-difference.ts'
import { postFees } from './post-fees.ts'
import { findRun, finishRun, insertRun } from './queries.ts'
import type { Reconciliation } from './tables.ts'

const TOPIC = 'reconciliation.run'
const PATIENCE_MS = 5000

/** Compares the last `seconds` with the provider's lists: heals what we missed, parks what is for staff, posts fees. */
export async function reconcile(ctx: Ctx, hooks: PaymentHooks, { scope, seconds }: { scope: 'recent' | 'nightly'; seconds: number }): Promise<Reconciliation | undefined> {
  if (!ctx.gateways.payments.enabled) return undefined
  return runReconciliation(ctx, hooks, await insertRun(ctx, { scope, seconds }))
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

// A provider that is away is no fault of ours: the comparison says so, and the next one looks at the same time again.
async function runReconciliation(ctx: Ctx, hooks: PaymentHooks, row: Reconciliation): Promise<Reconciliation> {
  const run: Run = { id: row.id, counts: { listed: 0, agreed: 0, healed: 0, parked: 0 } }
  let error: string | null = null
  try {
    error = ctx.gateways.payments.enabled ? await compare(ctx, hooks, run, row) : 'payments_disabled'
  } catch (failure) {
    error = failure instanceof GatewayError ? `provider_${failure.reason}` : 'fault'
    if (!(failure instanceof GatewayError)) throw failure
  } finally {
    await finishRun(ctx.sql, run.id, run.counts, error)
  }
  ctx.log.info({ reconciliationId: run.id, scope: row.scope, ...run.counts, error }, 'our payments are compared with the provider’s list')
  return (await findRun(ctx.sql, run.id))!
}

async function compare(ctx: Ctx, hooks: PaymentHooks, run: Run, { fromAt, untilAt, scope }: Reconciliation): Promise<string | null> {
  const listed = new Set<string>()
  for (let after: string | undefined; ;) {
    if (!(await callBudget(ctx).wait(PATIENCE_MS))) return 'no_calls_left'
    const page = await ctx.gateways.statements.listInvoices({ paidAfter: fromAt, paidBefore: untilAt, after })
    crashPoint('reconciliation.listed')
    // What the list calls by another status is asked about by its own name, if our books have it as paid; what can't be read is parked as that.
    for (const invoice of page.invoices) if (invoice.status === 'paid') listed.add(invoice.id)
    for (const invoiceId of page.unreadable) listed.add(invoiceId)
    await comparePage(ctx, hooks, run, page.invoices)
    for (const invoiceId of page.unreadable) await parkDifference(ctx, run, { invoiceId, externalId: '', status: 'unreadable' }, 'unreadable')
    if (page.next === undefined) break
    after = page.next
  }
  await compareOurs(ctx, run, { from: fromAt, until: untilAt }, listed)
  await askOverdue(ctx, hooks, run)
  if (scope === 'recent') return null
  await comparePayouts(ctx, run, fromAt)
  return (await postFees(ctx, run, fromAt)) ? null : 'no_calls_left'
}
