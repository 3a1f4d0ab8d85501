import type { Ctx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { callBudget, findOverdue, findPaidBetween, settleAnswer, type Payment, type PaymentHooks } from '../payments/index.ts'
import { healPayment, listedOf } from './compare-page.ts'
import { parkDifference, type Run } from './park-difference.ts'

/** What is asked one by one, in one comparison: the next one goes on. */
const ASKED_MAX = 100
const PAGE = 500

/** Payments that we took for paid in this time and that the provider does not list as paid in it: each is asked about. */
export async function compareOurs(ctx: Ctx, run: Run, window: { from: Date; until: Date }, listed: ReadonlySet<string>): Promise<void> {
  let asked = 0
  for (let after: string | undefined; ;) {
    const page = await findPaidBetween(ctx.sql, window.from, window.until, { after, limit: PAGE })
    for (const payment of page) {
      if (payment.providerInvoiceId === null || listed.has(payment.providerInvoiceId)) continue
      if (asked++ === ASKED_MAX || !(await askAboutPaid(ctx, run, payment, payment.providerInvoiceId))) return
    }
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}

// An invoice that was paid before this time, but known to us later, is not listed: only its own state says that we err.
async function askAboutPaid(ctx: Ctx, run: Run, payment: Payment, invoiceId: string): Promise<boolean> {
  if (callBudget(ctx).take(1) === 0) return false
  const invoice = await ctx.gateways.payments.getInvoice(invoiceId)
  if (invoice?.status === 'paid') return true
  await parkDifference(ctx, run, invoice ? listedOf(invoice) : { invoiceId, externalId: payment.id, status: 'missing' }, 'not_paid_there', payment.id)
  return true
}

/** Payments that are open though their invoice must have ended: asked about one by one, within the budget of calls. */
export async function askOverdue(ctx: Ctx, hooks: PaymentHooks, run: Run): Promise<void> {
  for (const payment of await findOverdue(ctx.sql, ASKED_MAX)) {
    if (callBudget(ctx).take(1) === 0) return
    const invoice = await ctx.gateways.payments.getInvoice(payment.providerInvoiceId!)
    await settleOverdue(ctx, hooks, run, payment, invoice)
  }
}

async function settleOverdue(ctx: Ctx, hooks: PaymentHooks, run: Run, payment: Payment, invoice: ProviderInvoice | undefined): Promise<void> {
  if (invoice?.status === 'paid') return void await healPayment(ctx, hooks, run, payment, invoice)
  const verdict = invoice ? await settleAnswer(ctx, hooks, payment, invoice) : 'not_confirmed'
  if (verdict === 'not_confirmed') await parkDifference(ctx, run, invoice ? listedOf(invoice) : { invoiceId: payment.providerInvoiceId!, externalId: payment.id, status: 'missing' }, 'not_confirmed', payment.id)
}
