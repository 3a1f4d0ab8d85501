import { and, eq, sql } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { GatewayError, type ProviderRefund } from '../../platform/gateways.ts'
import { callBudget, findPayment } from '../payments/index.ts'
import { claimRefund, noteTry, releaseRefund, type Claim } from './claim-refund.ts'
import { isOurs, settleRefundAnswer } from './settle-refund.ts'
import { findRefund } from './queries.ts'
import { refunds, type Refund } from './tables.ts'

const BUDGET_PATIENCE_MS = 2000

/**
 * Makes an approved refund at the provider, once, whoever else tries: the row is claimed, and after an uncertain answer
 * the provider is asked for it before it is made again (its idempotency key is our id, besides). Refused for good, and it
 * cannot exist there: it becomes a matter of staff, and the money stays reserved. Whatever else goes wrong is tried again;
 * staff see it where that goes on. Answers the refund as it is then.
 */
export async function sendRefund(ctx: Ctx, refundId: string): Promise<Refund | undefined> {
  if (ctx.gateways.payments.enabled && (await callBudget(ctx).wait(BUDGET_PATIENCE_MS))) {
    const claim = await callBudget(ctx).keepFor(1, claimRefund(ctx, refundId), (one) => (one ? 1 : 0))
    if (claim) await send(ctx, claim)
  }
  return findRefund(ctx.sql, refundId)
}

async function send(ctx: Ctx, claim: Claim): Promise<void> {
  crashPoint('refund.claimed')
  try {
    const invoiceId = claim.invoiceId ?? (await findPayment(ctx.sql, claim.paymentId))?.providerInvoiceId
    if (!invoiceId) return await giveToStaff(ctx, claim, 'no_invoice')
    const answer = await lookUp(ctx, claim, invoiceId) ?? await make(ctx, claim, invoiceId)
    crashPoint('refund.made')
    await remember(ctx, claim, answer)
    crashPoint('refund.remembered')
    await settleRefundAnswer(ctx, claim.id, answer)
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      await releaseRefund(ctx, claim)
      throw error
    }
    await notSent(ctx, claim, error)
  }
}

async function notSent(ctx: Ctx, claim: Claim, error: GatewayError): Promise<void> {
  const refusal = error instanceof NotMade ? error.code : undefined
  // After an uncertain try it may exist, whatever the next one is told: nobody is to give it by hand unseen.
  if (refusal !== undefined && claim.triesBefore === 0) return giveToStaff(ctx, claim, refusal)
  await releaseRefund(ctx, claim, { code: error.providerCode ?? error.reason, isNow: refusal !== undefined })
  ctx.log.warn({ refundId: claim.id, reason: error.reason, providerCode: error.providerCode, tries: claim.triesBefore + 1 }, 'a refund could not be sent')
}

async function lookUp(ctx: Ctx, claim: Claim, invoiceId: string): Promise<ProviderRefund | undefined> {
  if (claim.triesBefore === 0) return undefined
  if (!(await callBudget(ctx).wait(BUDGET_PATIENCE_MS))) throw new GatewayError('limited', 'the budget of calls is used up')
  return ctx.gateways.refunds.findRefund(invoiceId, claim.id)
}

async function make(ctx: Ctx, claim: Claim, invoiceId: string): Promise<ProviderRefund> {
  if (!(await noteTry(ctx, claim))) throw new GatewayError('timeout', 'the claim is over')
  crashPoint('refund.noted')
  try {
    return await ctx.gateways.refunds.createRefund({ id: claim.id, invoiceId, amountIdr: claim.amountIdr, reason: claim.reason })
  } catch (error) {
    throw isRefusal(error) ? new NotMade(error) : error
  }
}

/** The provider says that it does not make this refund. */
class NotMade extends GatewayError {
  readonly code: string

  constructor(cause: GatewayError & { providerCode: string }) {
    super('refused', cause.message, { cause, providerCode: cause.providerCode, ...(cause.status !== undefined && { status: cause.status }) })
    this.code = cause.providerCode
  }
}

/** Our own key, a time-out, one that is under way, the same asked twice: these pass. Without a code it was not the provider who spoke. */
function isRefusal(error: unknown): error is GatewayError & { providerCode: string } {
  if (!(error instanceof GatewayError) || error.reason !== 'refused' || error.providerCode === undefined) return false
  return ![401, 403, 408, 409].includes(error.status ?? 0) && !/DUPLICATE|IDEMPOTENCY|IN_PROGRESS/i.test(error.providerCode)
}

async function giveToStaff(ctx: Ctx, claim: Claim, why: string): Promise<void> {
  await ctx.sql.update(refunds).set({ method: 'manual', needsStaff: why, claimedUntil: null, version: sql`${refunds.version} + 1` })
    .where(and(eq(refunds.id, claim.id), eq(refunds.state, 'approved'), sql`${refunds.claimedUntil} = ${claim.until}`))
  ctx.log.warn({ refundId: claim.id, why }, 'the provider does not make a refund: staff have to')
}

async function remember(ctx: Ctx, claim: Claim, answer: ProviderRefund): Promise<void> {
  const refund = await findRefund(ctx.sql, claim.id)
  const isWrong = refund !== undefined && !isOurs(refund, answer)
  const [firstAsk] = ctx.settings.get('refundAskSeconds')
  // Where its webhook was quicker, it has its outcome already.
  await ctx.sql.update(refunds)
    .set({
      state: 'pending', providerRefundId: answer.id, providerStatus: answer.status, sentAt: sql`app_now()`, claimedUntil: null, needsStaff: isWrong ? 'mismatch' : null,
      askAt: sql`app_now() + make_interval(secs => ${firstAsk ?? 60})`, version: sql`${refunds.version} + 1`,
    })
    .where(and(eq(refunds.id, claim.id), eq(refunds.state, 'approved')))
}
