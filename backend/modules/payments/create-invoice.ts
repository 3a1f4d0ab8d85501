import { sql } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { GatewayError, type ProviderInvoice } from '../../platform/gateways.ts'
import { callBudget } from './call-budget.ts'
import { claimCreation, noteTry, releaseClaim, type Claim } from './claim-invoice.ts'
import { changeState } from './payment-states.ts'
import { findPayment } from './queries.ts'
import type { Payment } from './types.ts'

/** An invoice lives as long as the hold, but never so short that nobody could pay it. */
const LEAST_INVOICE_SECONDS = 5
/** A creation waits this long for the budget of calls; then the next try is the outbox's. */
const BUDGET_PATIENCE_MS = 10_000
const LOOK_UP_PATIENCE_MS = 2000

/**
 * Makes the invoice of a payment that has none, once, whoever else tries: the row is claimed, and after an uncertain
 * answer the provider is asked for an invoice of this payment before another is made. Answers the payment as it is
 * then, also when the provider could not be reached (`creating`) or there was nothing to do. Throws `not_found`.
 */
export async function createInvoice(ctx: Ctx, paymentId: string): Promise<Payment> {
  const before = await getPayment(ctx, paymentId)
  const budget = callBudget(ctx)
  if (before.state !== 'creating' || !(await budget.wait(BUDGET_PATIENCE_MS))) return before
  const claim = await budget.keepFor(1, claimCreation(ctx, paymentId), (one) => (one ? 1 : 0))
  if (claim) await makeInvoice(ctx, claim)
  return getPayment(ctx, paymentId)
}

async function getPayment(ctx: Ctx, paymentId: string): Promise<Payment> {
  const payment = await findPayment(ctx.sql, paymentId)
  if (!payment) throw new AppError('not_found')
  return payment
}

async function makeInvoice(ctx: Ctx, claim: Claim): Promise<void> {
  crashPoint('invoice.claimed')
  try {
    const invoice = await lookUpInvoice(ctx, claim) ?? await askForInvoice(ctx, claim)
    crashPoint('invoice.made')
    await rememberInvoice(ctx, claim.id, invoice)
    crashPoint('invoice.remembered')
  } catch (error) {
    await releaseClaim(ctx, claim)
    if (!(error instanceof GatewayError)) throw error
    ctx.log.warn({ paymentId: claim.id, reason: error.reason, tries: claim.triesBefore + 1 }, 'an invoice could not be made')
  }
}

/** What the provider has under our payment's id, where an earlier try may have made one. Throws `GatewayError`. */
export async function lookUpInvoice(ctx: Ctx, claim: Claim): Promise<ProviderInvoice | undefined> {
  if (claim.triesBefore === 0) return undefined
  if (!(await callBudget(ctx).wait(LOOK_UP_PATIENCE_MS))) throw new GatewayError('limited', 'the budget of calls is used up')
  return ctx.gateways.payments.findInvoiceByExternalId(claim.id)
}

async function askForInvoice(ctx: Ctx, claim: Claim): Promise<ProviderInvoice> {
  if (!(await noteTry(ctx, claim))) throw new GatewayError('timeout', 'the claim is over')
  crashPoint('invoice.noted')
  return ctx.gateways.payments.createInvoice({
    externalId: claim.id,
    amountIdr: claim.amountIdr,
    durationSeconds: Math.max(LEAST_INVOICE_SECONDS, Math.ceil(claim.leftSeconds)),
    description: claim.description,
    successUrl: returnUrl(ctx.env.XENDIT_SUCCESS_REDIRECT_URL, claim.id),
    failureUrl: returnUrl(ctx.env.XENDIT_FAILURE_REDIRECT_URL, claim.id),
  })
}

function returnUrl(base: string | undefined, paymentId: string): string {
  if (base === undefined) throw new Error('XENDIT_SUCCESS_REDIRECT_URL and XENDIT_FAILURE_REDIRECT_URL are needed to make an invoice')
  const url = new URL(base)
  url.searchParams.set('payment', paymentId)
  return url.href
}

/**
 * creating → pending with this invoice; the first ask is due by the schedule, at once for an invoice that is over.
 * Where the payment went another way meanwhile and this is not its invoice, the invoice is ended again.
 */
export async function rememberInvoice(ctx: Ctx, paymentId: string, invoice: ProviderInvoice): Promise<Payment | undefined> {
  const firstAskSeconds = invoice.status === 'pending' ? ctx.settings.get('paymentAskSeconds')[0] : 0
  const pending = await changeState(ctx.sql, paymentId, 'pending', {
    providerInvoiceId: invoice.id,
    checkoutUrl: invoice.checkoutUrl,
    pendingAt: sql`app_now()`,
    askAt: firstAskSeconds === undefined ? null : sql`app_now() + make_interval(secs => ${firstAskSeconds})`,
  })
  if (pending) return pending
  const payment = await findPayment(ctx.sql, paymentId)
  if (payment && payment.providerInvoiceId !== invoice.id) await endStray(ctx, paymentId, invoice)
  return payment
}

// Should it be paid all the same, its webhook finds the payment by the external id, and the money goes to the wallet.
async function endStray(ctx: Ctx, paymentId: string, invoice: ProviderInvoice): Promise<void> {
  ctx.log.warn({ paymentId, providerInvoiceId: invoice.id }, 'an invoice came too late for its payment and is ended')
  if (invoice.status === 'pending' && (await callBudget(ctx).wait(LOOK_UP_PATIENCE_MS))) await ctx.gateways.payments.expireInvoice(invoice.id)
}
