import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { sumClearing } from '../ledger/index.ts'
import { findListedPayments, postingKeyOfPayment, settleAnswer, settleConfirmed, type Payment, type PaymentHooks } from '../payments/index.ts'
import { parkDifference, type Run } from './park-difference.ts'
import { noteDifference } from './queries.ts'
import { compareInvoice } from './rules.ts'

/** Payments that are healed at once. */
const LANES = 4

/** Compares a page of the provider's paid invoices with our books: heals what only we have missed, parks the rest. */
export async function comparePage(ctx: Ctx, hooks: PaymentHooks, run: Run, invoices: readonly ProviderInvoice[]): Promise<void> {
  const payments = await findListedPayments(ctx.sql, invoices.map((invoice) => invoice.externalId))
  const keysOf = (invoice: ProviderInvoice) => {
    const key = postingKeyOfPayment(invoice.externalId, invoice.id)
    return [key, `${key}:surplus`] as const
  }
  const posted = await sumClearing(ctx.sql, invoices.flatMap((invoice) => (payments.has(invoice.externalId) ? keysOf(invoice) : [])))
  const confirmed = new Map<string, string>()
  const missed: [Payment, ProviderInvoice][] = []
  for (const invoice of invoices) {
    const payment = payments.get(invoice.externalId)
    const [key, surplusKey] = keysOf(invoice)
    const paymentIdr = posted.get(key)
    const verdict = compareInvoice(payment && { amountIdr: payment.amountIdr, postedIdr: paymentIdr === undefined ? undefined : paymentIdr + (posted.get(surplusKey) ?? 0) }, invoice)
    run.counts.listed++
    if (verdict === 'agreed') run.counts.agreed++
    if (verdict === 'agreed') confirmed.set(invoice.externalId, invoice.id)
    else if (verdict === 'heal') missed.push([payment!, invoice])
    else if (verdict !== 'unpaid') await parkDifference(ctx, run, listedOf(invoice), verdict, payment?.id)
  }
  await healAll(ctx, hooks, run, missed, confirmed)
  await settleConfirmed(ctx.sql, confirmed)
}

async function healAll(ctx: Ctx, hooks: PaymentHooks, run: Run, missed: readonly [Payment, ProviderInvoice][], confirmed: Map<string, string>): Promise<void> {
  const left = missed.values()
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (const [payment, invoice] of left) {
      await healPayment(ctx, hooks, run, payment, invoice)
      confirmed.set(payment.id, invoice.id)
    }
  }))
}

/**
 * Does what the provider's own list says of a payment of ours. Its webhook may come at the same moment: only who really
 * applied the money counts it as healed. Answers whether that was here.
 */
export async function healPayment(ctx: Ctx, hooks: PaymentHooks, run: Run, payment: Payment, invoice: ProviderInvoice): Promise<boolean> {
  let isOurs = false
  const watched: PaymentHooks = {
    expired: hooks.expired,
    async apply(world, confirmed) {
      const outcome = await hooks.apply(world, confirmed)
      isOurs = outcome === 'applied'
      return outcome
    },
  }
  crashPoint('reconciliation.healing')
  const verdict = await settleAnswer(ctx, watched, payment, invoice)
  crashPoint('reconciliation.healed')
  if (!isOurs && verdict !== 'underpaid') {
    if (verdict === 'paid') run.counts.agreed++
    return false
  }
  run.counts.healed++
  ctx.metrics.reconciliationDifferences.inc({ kind: 'payment', outcome: 'healed' })
  await noteDifference(ctx, run.id, { kind: 'payment', providerId: invoice.id, subjectId: payment.id, what: verdict === 'paid' ? 'missed_payment' : verdict, outcome: 'healed' })
  return true
}

export function listedOf(invoice: ProviderInvoice) {
  return { invoiceId: invoice.id, externalId: invoice.externalId, status: invoice.status, amountIdr: invoice.amountIdr, paidIdr: invoice.paidAmountIdr, currency: invoice.currency }
}
