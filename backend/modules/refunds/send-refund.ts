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
 * the provider is asked for it before it is made again (its idempotency key is our id, besides). Refused for good: it
 * becomes a matter of staff, and the money stays reserved. Answers the refund as it is then.
 */
export async function sendRefund(ctx: Ctx, refundId: string): Promise<Refund | undefined> {
  if (ctx.gateways.payments.enabled && (await callBudget(ctx).wait(BUDGET_PATIENCE_MS))) {
    const claim = await claimRefund(ctx, refundId)
    if (claim) await send(ctx, claim)
    else callBudget(ctx).giveBack(1)
  }
  return findRefund(ctx.sql, refundId)
}

async function send(ctx: Ctx, claim: Claim): Promise<void> {
  crashPoint('refund.claimed')
  try {
    const invoiceId = (await findPayment(ctx.sql, claim.paymentId))?.providerInvoiceId
    if (!invoiceId) return await giveToStaff(ctx, claim, 'no_invoice')
    const answer = await lookUp(ctx, claim, invoiceId) ?? await make(ctx, claim, invoiceId)
    crashPoint('refund.made')
    await remember(ctx, claim, answer)
    crashPoint('refund.remembered')
    await settleRefundAnswer(ctx, claim.id, answer)
  } catch (error) {
    if (isRefusal(error)) return giveToStaff(ctx, claim, error.providerCode ?? 'refused')
    await releaseRefund(ctx, claim)
    if (!(error instanceof GatewayError)) throw error
    ctx.log.warn({ refundId: claim.id, reason: error.reason, tries: claim.triesBefore + 1 }, 'a refund could not be sent')
  }
}

async function lookUp(ctx: Ctx, claim: Claim, invoiceId: string): Promise<ProviderRefund | undefined> {
  if (claim.triesBefore === 0) return undefined
  if (!(await callBudget(ctx).wait(BUDGET_PATIENCE_MS))) throw new GatewayError('limited', 'the budget of calls is used up')
  return ctx.gateways.refunds.findRefund(invoiceId, claim.id)
}

async function make(ctx: Ctx, claim: Claim, invoiceId: string): Promise<ProviderRefund> {
  if (!(await noteTry(ctx, claim))) throw new GatewayError('timeout', 'the claim is over')
  crashPoint('refund.noted')
  return ctx.gateways.refunds.createRefund({ id: claim.id, invoiceId, amountIdr: claim.amountIdr, reason: claim.reason })
}

/** Our own key or a limit, one that is under way, the same asked twice: these pass. Any other refusal is about this refund. */
function isRefusal(error: unknown): error is GatewayError {
  if (!(error instanceof GatewayError) || error.reason !== 'refused') return false
  return ![401, 403, 409].includes(error.status ?? 0) && error.providerCode !== 'REFUND_IN_PROGRESS'
}

async function giveToStaff(ctx: Ctx, claim: Claim, why: string): Promise<void> {
  await ctx.sql.update(refunds).set({ method: 'manual', needsStaff: why, claimedUntil: null, version: sql`${refunds.version} + 1` })
    .where(and(eq(refunds.id, claim.id), eq(refunds.state, 'approved')))
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
