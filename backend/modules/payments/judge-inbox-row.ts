import type { Ctx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { findPosting } from '../ledger/index.ts'
import { askAboutEvent } from './ask-about-event.ts'
import { judgeEvent, readEvent, type InvoiceEvent } from './inbox-rules.ts'
import { judgeDifference, judgeUnderpaid } from './judge-difference.ts'
import { findPayment } from './queries.ts'
import { judgeInvoice, paidIdrOf, postingKeyOfPayment, UNDERPAID_FLOW } from './rules.ts'
import { settleAnswer } from './settle-answer.ts'
import type { InboxHooks, InboxRow, Outcome, Payment, PaymentHooks } from './types.ts'

/** Decides on one event and does what it asks for. Throws only what is our own fault (the database, `apply`). */
export async function judgeInboxRow(ctx: Ctx, hooks: InboxHooks, row: InboxRow): Promise<Outcome> {
  if (row.kind === 'invoice') return judgeInvoiceRow(ctx, hooks, row)
  // What the provider answered about an invoice (`invoice-answer`, `invoice-listed`) is no claim of a webhook.
  if (row.kind.startsWith('invoice-')) return judgeDifference(ctx, hooks, row)
  const judge = hooks.judges[row.kind]
  return judge ? judge(ctx, row) : { to: 'parked', reason: 'unknown_kind' }
}

async function judgeInvoiceRow(ctx: Ctx, hooks: PaymentHooks, row: InboxRow): Promise<Outcome> {
  const event = readEvent(row.body)
  if (!event) return { to: 'parked', reason: 'unreadable' }
  const payment = isUuid(event.externalId) ? await findPayment(ctx.sql, event.externalId) : undefined
  if (!payment) return { to: 'parked', reason: 'unknown_order' }
  return { paymentId: payment.id, ...await judgeKnown(ctx, hooks, row.id, payment, event) }
}

async function judgeKnown(ctx: Ctx, hooks: PaymentHooks, eventId: string, payment: Payment, event: InvoiceEvent): Promise<Outcome> {
  const claim = judgeEvent(payment, event)
  if (claim === 'amount_mismatch' || claim === 'currency_mismatch') return { to: 'parked', reason: claim }
  if (claim === 'nothing') return { to: 'applied', reason: 'nothing_to_do' }
  // A storm of one event must not eat the budget of calls: what is posted is not asked about again.
  const posting = await findPosting(ctx.sql, postingKeyOfPayment(payment.id, event.invoiceId))
  if (posting) return posting.flow === UNDERPAID_FLOW ? judgeUnderpaid(ctx, payment.id, event.invoiceId) : { to: 'applied', reason: 'already_posted' }
  if (claim === 'expired' && !isOfOpenInvoice(payment, event)) return { to: 'applied', reason: 'nothing_to_do' }
  const answer = await askAboutEvent(ctx, event.invoiceId)
  if ('to' in answer) return answer
  return claim === 'paid' ? settlePaid(ctx, hooks, eventId, payment, event, answer.invoice) : settleExpired(ctx, hooks, eventId, payment, answer.invoice)
}

function isOfOpenInvoice(payment: Payment, event: InvoiceEvent): boolean {
  return payment.state === 'pending' && payment.providerInvoiceId === event.invoiceId
}

async function settlePaid(ctx: Ctx, hooks: PaymentHooks, eventId: string, payment: Payment, event: InvoiceEvent, invoice: ProviderInvoice | undefined): Promise<Outcome> {
  const verdict = judgeInvoice(payment, invoice)
  if (!invoice || (verdict !== 'paid' && verdict !== 'underpaid')) return { to: 'parked', reason: 'not_confirmed' }
  // The body and the provider tell two different sums: somebody lies, and the asks on schedule find the true one.
  if (event.paidIdr !== undefined && Math.trunc(event.paidIdr) !== paidIdrOf(invoice)) return { to: 'parked', reason: 'amount_mismatch' }
  await settleAnswer(ctx, hooks, payment, invoice, eventId)
  return verdict === 'paid' ? { to: 'applied' } : { to: 'parked', reason: 'underpaid' }
}

async function settleExpired(ctx: Ctx, hooks: PaymentHooks, eventId: string, payment: Payment, invoice: ProviderInvoice | undefined): Promise<Outcome> {
  const verdict = invoice ? await settleAnswer(ctx, hooks, payment, invoice, eventId) : 'not_confirmed'
  if (verdict === 'underpaid') return { to: 'parked', reason: 'underpaid' }
  return verdict === 'expired' || verdict === 'paid' ? { to: 'applied' } : { to: 'applied', reason: 'nothing_to_do' }
}

function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
}
