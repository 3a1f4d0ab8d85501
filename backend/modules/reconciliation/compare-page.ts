import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { ProviderInvoice, StatementPage } from '../../platform/gateways.ts'
import {
  compareInvoice, findListedPayments, findPostedInvoices, listedOf, settleAnswer, settleConfirmed, type NewParked, type Payment, type PaymentHooks, type Verdict,
} from '../payments/index.ts'
import { inLanes } from './ask-each.ts'
import { note, parkDifferences } from './park-difference.ts'
import { countCompared, type Run } from './run.ts'

/** Compares a page of the provider's paid invoices with our books: heals what only we have missed, parks the rest. */
export async function comparePage(ctx: Ctx, hooks: PaymentHooks, run: Run, { invoices, unreadable }: StatementPage & { invoices: readonly ProviderInvoice[] }): Promise<void> {
  const payments = await findListedPayments(ctx.sql, invoices.map((invoice) => invoice.externalId))
  const posted = await findPostedInvoices(ctx.sql, [...payments.keys()])
  const confirmed = new Map<string, string>()
  const missed: [Payment, ProviderInvoice][] = []
  const parked: NewParked[] = unreadable.map((invoiceId) => ({ listed: { invoiceId, externalId: '', status: 'unreadable' }, reason: 'unreadable', paymentId: undefined }))
  for (const invoice of invoices) {
    const payment = payments.get(invoice.externalId)
    const verdict = compareInvoice(payment && { amountIdr: payment.amountIdr, postedIdr: posted.get(payment.id)?.get(invoice.id) }, invoice)
    if (verdict === 'agreed') {
      run.counts.agreed++
      // Too little of it stands in suspense: that confirms nothing.
      if ((invoice.paidAmountIdr ?? invoice.amountIdr) >= payment!.amountIdr) confirmed.set(invoice.id, payment!.id)
    } else if (verdict === 'heal') missed.push([payment!, invoice])
    else if (verdict !== 'unpaid') parked.push({ listed: listedOf(invoice), reason: verdict, paymentId: payment?.id })
  }
  run.counts.listed += invoices.length
  countCompared(ctx, run, 'invoices', invoices.length + unreadable.length)
  await parkDifferences(ctx, run, parked)
  await inLanes(missed, async ([payment, invoice]) => {
    if (await healPayment(ctx, hooks, run, payment, invoice) === 'paid') confirmed.set(invoice.id, payment.id)
  })
  await settleConfirmed(ctx.sql, confirmed)
}

/**
 * Does what the provider itself says of a payment of ours. Its webhook may come at the same moment: only who really
 * applied the money counts it as healed. Too little is in suspense, and so parked.
 */
export async function healPayment(ctx: Ctx, hooks: PaymentHooks, run: Run, payment: Payment, invoice: ProviderInvoice): Promise<Verdict> {
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
  const found = { kind: 'payment', providerId: invoice.id, subjectId: payment.id } as const
  if (verdict === 'underpaid') await transact(ctx, (tx) => note(tx, run, [{ ...found, what: 'underpaid', outcome: 'parked' }]))
  else if (isOurs) await transact(ctx, (tx) => note(tx, run, [{ ...found, what: 'missed_payment', outcome: 'healed' }]))
  else if (verdict === 'paid') run.counts.agreed++
  return verdict
}
