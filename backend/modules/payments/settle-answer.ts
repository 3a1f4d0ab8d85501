import type { Ctx } from '../../platform/ctx.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { rememberInvoice } from './create-invoice.ts'
import { parkUnderpaid } from './park-underpaid.ts'
import { judgeInvoice, paidIdrOf, type Verdict } from './rules.ts'
import type { Payment, PaymentHooks } from './types.ts'

/**
 * Does what the provider's own answer about an invoice asks for: confirmed money is applied, an end unpaid is told,
 * too little goes to suspense. `eventId` is the webhook that led here, if one did.
 */
export async function settleAnswer(ctx: Ctx, hooks: PaymentHooks, payment: Payment, invoice: ProviderInvoice, eventId?: string): Promise<Verdict> {
  const verdict = judgeInvoice(payment, invoice)
  // A webhook can be quicker than the answer to our own creation.
  const known = payment.state === 'creating' && verdict !== 'not_confirmed' ? await rememberInvoice(ctx, payment.id, invoice) ?? payment : payment
  if (verdict === 'paid') await hooks.apply(ctx, { paymentId: payment.id, providerPaymentId: invoice.id, paidIdr: paidIdrOf(invoice), eventId, through: { paymentId: invoice.paymentId, channel: invoice.channel } })
  if (verdict === 'underpaid') await parkUnderpaid(ctx, payment, invoice, eventId)
  if (verdict === 'expired' && known.state === 'pending' && known.providerInvoiceId === invoice.id) await hooks.expired(ctx, payment.id)
  return verdict
}
