import { eq, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { account, post } from '../ledger/index.ts'
import { touchSession } from '../sessions/index.ts'
import { FLOWS } from './facts.ts'
import { planRefund, type Plan } from './plan-refund.ts'
import { findRefund } from './queries.ts'
import { refunds, type Refund } from './tables.ts'
import { tellCustomer } from './tell-customer.ts'

export const SEND_REFUND = 'refunds.send'

/** What the decider chooses; left out: as it was asked for, and all that can be given back where no sum was named. */
export type Choice = { amountIdr?: number | undefined; clawback?: boolean | undefined; method?: 'provider' | 'manual' | undefined }

/**
 * Plans the approval of a refund that waits, under its locks. Throws `not_found`, `conflict` where it is decided
 * already, and what `planRefund` throws.
 */
export async function planApproval(tx: Tx, refundId: string, choice: Choice): Promise<{ refund: Refund; plan: Plan }> {
  const seen = await findRefund(tx.sql, refundId)
  if (!seen) throw new AppError('not_found', 'no such refund')
  if (seen.state !== 'requested') throw new AppError('conflict', `The refund is ${seen.state} already.`)
  const plan = await planRefund(tx, {
    paymentId: seen.paymentId, refundId, amountIdr: choice.amountIdr ?? seen.amountIdr ?? undefined, clawback: choice.clawback ?? seen.clawback, method: choice.method ?? seen.method,
  })
  if (plan.refund?.state !== 'requested') throw new AppError('conflict', 'The refund has been decided on meanwhile.')
  return { refund: plan.refund, plan }
}

/**
 * requested → approved: the money is taken from where it stands at once, so that nobody spends it before the provider
 * has it. Whoever calls this has the second person where the plan needs one.
 */
export async function approveRefund(tx: Tx, refund: Refund, plan: Plan, decision: { decidedBy: string; reason?: string | undefined } & Choice): Promise<Refund> {
  crashPointAfterCommit(tx, 'refund.approved')
  const [approved] = await tx.sql.update(refunds)
    .set({
      state: 'approved', providerInvoiceId: plan.invoiceId ?? null, amountIdr: plan.amountIdr, sources: plan.sources, clawback: decision.clawback ?? refund.clawback, method: decision.method ?? refund.method,
      needsStaff: (decision.method ?? refund.method) === 'manual' ? 'manual' : null,
      decidedBy: decision.decidedBy, decisionReason: decision.reason ?? null, approvedAt: sql`app_now()`, version: sql`${refunds.version} + 1`,
    })
    .where(eq(refunds.id, refund.id)).returning()
  await post(tx, {
    key: `refund:${refund.id}:send`, flow: FLOWS.send, sessionId: refund.sessionId, paymentId: refund.paymentId,
    entries: [...plan.sources.map((source) => ({ account: source.account, amountIdr: -source.amountIdr })), { account: account.refundsPending, amountIdr: plan.amountIdr }],
  })
  if (plan.sources.some((source) => source.account === account.escrow(refund.sessionId))) await touchSession(tx, refund.sessionId)
  if (approved!.method === 'provider') await writeOutbox(tx, [{ topic: SEND_REFUND, payload: { refundId: refund.id } }])
  await tellCustomer(tx, approved!, 'approved')
  crashPoint('refund.approving')
  return approved!
}
