import type { Ctx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { askAboutEvent } from './ask-about-event.ts'
import { readEvent, type InvoiceEvent } from './inbox-rules.ts'
import { findListedPayments, findPostedInvoices } from './listed-payments.ts'
import { compareInvoice, paidIdrOf } from './rules.ts'
import { isUnderpaidOpen } from './suspense.ts'
import { settleAnswer } from './settle-answer.ts'
import type { InboxRow, Outcome, Payment, PaymentHooks } from './types.ts'

/** What can't be read will not be readable by waiting: staff decide when to look again. */
const UNREADABLE = 'provider_unreadable'

/**
 * Decides anew on a difference that a comparison or an answer of the provider became: asks again, compares with our
 * books again, and parks it again for as long as the two differ.
 */
export async function judgeDifference(ctx: Ctx, hooks: PaymentHooks, row: InboxRow): Promise<Outcome> {
  const event = readEvent(row.body)
  if (!event) return { to: 'parked', reason: 'unreadable' }
  const answer = await askAboutEvent(ctx, event.invoiceId)
  if ('to' in answer) return answer.to === 'later' && answer.reason === UNREADABLE ? { to: 'parked', reason: 'unreadable' } : answer
  const { invoice } = answer
  const externalId = invoice?.externalId ?? event.externalId
  const payment = (await findListedPayments(ctx.sql, [externalId])).get(externalId)
  if (!payment) return judgeNobodys(event, invoice)
  return { paymentId: payment.id, ...await judgeOurs(ctx, hooks, row, payment, event, invoice) }
}

function judgeNobodys(event: InvoiceEvent, invoice: ProviderInvoice | undefined): Outcome {
  if (!invoice) return { to: 'parked', reason: event.status === 'UNREADABLE' ? 'unreadable' : 'unknown_order' }
  return invoice.status === 'paid' ? { to: 'parked', reason: 'unknown_order' } : { to: 'applied', reason: 'nothing_to_do' }
}

async function judgeOurs(ctx: Ctx, hooks: PaymentHooks, row: InboxRow, payment: Payment, event: InvoiceEvent, invoice: ProviderInvoice | undefined): Promise<Outcome> {
  const postedIdr = (await findPostedInvoices(ctx.sql, [payment.id])).get(payment.id)?.get(event.invoiceId)
  if (invoice?.status !== 'paid') {
    if (postedIdr !== undefined) return { to: 'parked', reason: 'not_paid_there' }
    const verdict = invoice ? await settleAnswer(ctx, hooks, payment, invoice, row.id) : 'not_confirmed'
    return verdict === 'not_confirmed' ? { to: 'parked', reason: verdict } : { to: 'applied', reason: 'nothing_to_do' }
  }
  const comparison = compareInvoice({ amountIdr: payment.amountIdr, postedIdr }, invoice)
  if (comparison === 'heal') {
    const verdict = await settleAnswer(ctx, hooks, payment, invoice, row.id)
    return verdict === 'paid' ? { to: 'applied' } : { to: 'parked', reason: verdict }
  }
  if (comparison !== 'agreed') return { to: 'parked', reason: comparison }
  return paidIdrOf(invoice) < payment.amountIdr ? judgeUnderpaid(ctx, payment.id, invoice.id) : { to: 'applied', reason: 'already_posted' }
}

/** What staff have placed stays placed, however often it is told. */
export async function judgeUnderpaid(ctx: Ctx, paymentId: string, invoiceId: string): Promise<Outcome> {
  return (await isUnderpaidOpen(ctx.sql, paymentId, invoiceId)) ? { to: 'parked', reason: 'underpaid' } : { to: 'applied', reason: 'suspense_resolved' }
}
