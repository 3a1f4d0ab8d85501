import type { Ctx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import {
  compareInvoice, findOverdue, findPaidBetween, findPostedInvoices, listedOf, noteAsked, settleAnswer, settleConfirmed, type ListedDifference, type Payment, type PaymentHooks,
} from '../payments/index.ts'
import { askEach } from './ask-each.ts'
import { healPayment } from './compare-page.ts'
import { parkDifferences } from './park-difference.ts'
import { unlessUnreadable, type Run } from './run.ts'

const PAGE = 500

type Ours = { payment: Payment; invoiceId: string; postedIdr: number | undefined }
type Answer = ProviderInvoice | 'unreadable' | undefined

/** Invoices that we took for paid in this time and that the provider does not list as paid in it: each is asked about. */
export async function compareOurs(ctx: Ctx, hooks: PaymentHooks, run: Run, window: { from: Date; until: Date }, listed: ReadonlySet<string>): Promise<string | undefined> {
  return askEach(ctx, run, {
    part: 'ours', pages: readOurs(ctx, window, listed),
    async ask(one) {
      const { payment, invoiceId, postedIdr } = one
      const invoice = await unlessUnreadable(ctx.gateways.payments.getInvoice(invoiceId))
      if (invoice === undefined || invoice === 'unreadable' || invoice.status !== 'paid') return park(ctx, run, one, invoice, 'not_paid_there')
      // An invoice that was paid before this time, but known to us later, is not listed: only its own state says that we err.
      const verdict = compareInvoice({ amountIdr: payment.amountIdr, postedIdr }, invoice)
      if (verdict === 'heal') await healPayment(ctx, hooks, run, payment, invoice)
      else if (verdict !== 'agreed') await park(ctx, run, one, invoice, verdict)
    },
  })
}

async function* readOurs(ctx: Ctx, window: { from: Date; until: Date }, listed: ReadonlySet<string>): AsyncGenerator<Ours[]> {
  for (let after: string | undefined; ;) {
    const page = await findPaidBetween(ctx.sql, window.from, window.until, { after, limit: PAGE })
    const posted = await findPostedInvoices(ctx.sql, page.map((payment) => payment.id))
    yield page.flatMap((payment) => oursOf(payment, posted.get(payment.id))).filter(({ invoiceId }) => !listed.has(invoiceId))
    if (page.length < PAGE) return
    after = page.at(-1)!.id
  }
}

/** What was paid is what is posted: it need not be the invoice that stands in the payment's row. */
function oursOf(payment: Payment, posted: ReadonlyMap<string, number> | undefined): Ours[] {
  if (posted) return [...posted].map(([invoiceId, postedIdr]) => ({ payment, invoiceId, postedIdr }))
  return payment.providerInvoiceId === null ? [] : [{ payment, invoiceId: payment.providerInvoiceId, postedIdr: undefined }]
}

/** Payments that are open though their invoice must have ended: each is asked about. */
export async function askOverdue(ctx: Ctx, hooks: PaymentHooks, run: Run): Promise<string | undefined> {
  const confirmed = new Map<string, string>()
  const reason = await askEach(ctx, run, {
    part: 'overdue', pages: readOverdue(ctx, run), begin: (payments) => noteAsked(ctx.sql, payments.map(({ id }) => id)),
    async ask(payment) {
      const invoiceId = payment.providerInvoiceId!
      const invoice = await unlessUnreadable(ctx.gateways.payments.getInvoice(invoiceId))
      if (invoice === undefined || invoice === 'unreadable') return park(ctx, run, { payment, invoiceId }, invoice, 'not_confirmed')
      const verdict = invoice.status === 'paid' ? await healPayment(ctx, hooks, run, payment, invoice) : await settleAnswer(ctx, hooks, payment, invoice)
      if (verdict === 'paid') confirmed.set(invoice.id, payment.id)
      if (verdict === 'not_confirmed') await park(ctx, run, { payment, invoiceId }, invoice, mismatchOf(payment, invoice))
    },
  })
  await settleConfirmed(ctx.sql, confirmed)
  return reason
}

// Whoever is asked about is not found again in this comparison.
async function* readOverdue(ctx: Ctx, run: Run): AsyncGenerator<Payment[]> {
  for (;;) {
    const page = await findOverdue(ctx.sql, run.startedAt, PAGE)
    yield page
    if (page.length < PAGE) return
  }
}

/** In the words of the list, which would park it by these too. */
function mismatchOf(payment: Payment, invoice: ProviderInvoice): string {
  const comparison = compareInvoice({ amountIdr: payment.amountIdr, postedIdr: undefined }, invoice)
  return comparison === 'amount_mismatch' || comparison === 'currency_mismatch' ? comparison : 'not_confirmed'
}

function park(ctx: Ctx, run: Run, { payment, invoiceId }: { payment: Payment; invoiceId: string }, answer: Answer, what: string): Promise<void> {
  const told = (status: string): ListedDifference => ({ invoiceId, externalId: payment.id, status })
  const [listed, reason] = answer === 'unreadable' ? [told('unreadable'), 'unreadable'] : [answer ? listedOf(answer) : told('missing'), what]
  return parkDifferences(ctx, run, [{ listed, reason, paymentId: payment.id }])
}
