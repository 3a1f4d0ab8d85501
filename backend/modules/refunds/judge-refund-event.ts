import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { GatewayError, type ProviderRefund } from '../../platform/gateways.ts'
import { callBudget, type InboxRow, type JudgeInboxRow, type Outcome } from '../payments/index.ts'
import { findRefundOf } from './queries.ts'
import { readRefundEvent, type RefundEvent } from './read-refund-event.ts'
import { isByHandToo, isOurs, settleRefundAnswer } from './settle-refund.ts'
import type { Refund } from './tables.ts'

const OUTCOMES: Readonly<Record<string, 'succeeded' | 'failed'>> = { SUCCEEDED: 'succeeded', FAILED: 'failed', CANCELLED: 'failed' }

/**
 * Decides on one event about a refund: it says where to look, the provider's own answer says what is true. What has
 * its outcome is not asked about again. Throws only what is our own fault.
 */
export const judgeRefundEvent: JudgeInboxRow = async (ctx: Ctx, row: InboxRow): Promise<Outcome> => {
  const event = readRefundEvent(row.body)
  if (!event) return { to: 'parked', reason: 'unreadable' }
  const referenceId = z.uuid().safeParse(event.referenceId).data
  const refund = await findRefundOf(ctx.sql, { referenceId, providerRefundId: event.providerRefundId })
  if (!refund) return { to: 'parked', reason: 'unknown_refund' }
  return { paymentId: refund.paymentId, subjectId: refund.id, ...await judgeKnown(ctx, refund, event) }
}

async function judgeKnown(ctx: Ctx, refund: Refund, event: RefundEvent): Promise<Outcome> {
  if (event.amountIdr !== refund.amountIdr) return { to: 'parked', reason: 'amount_mismatch' }
  if (event.currency !== 'IDR') return { to: 'parked', reason: 'currency_mismatch' }
  // Two refunds of the provider under one of ours would be money given back twice.
  if (refund.providerRefundId !== null && refund.providerRefundId !== event.providerRefundId) return { to: 'parked', reason: 'second_refund' }
  const claimed = OUTCOMES[event.status]
  if (event.status === 'PENDING') return { to: 'applied', reason: 'nothing_to_do' }
  if (!claimed) return { to: 'parked', reason: 'unknown_status' }
  if (isByHandToo(refund, claimed)) return { to: 'parked', reason: 'contradiction' }
  if (refund.state === claimed) return { to: 'applied', reason: 'already_posted' }
  if (refund.settledAt !== null) return { to: 'parked', reason: 'contradiction' }
  const answer = await readBack(ctx, event.providerRefundId)
  if ('to' in answer) return answer
  return confirm(ctx, refund, claimed, answer.refund)
}

async function readBack(ctx: Ctx, id: string): Promise<{ refund: ProviderRefund | undefined } | Outcome> {
  if (callBudget(ctx).take(1) === 0) return { to: 'later', reason: 'no_calls_left', isFailure: false }
  try {
    return { refund: await ctx.gateways.refunds.getRefund(id) }
  } catch (error) {
    if (error instanceof GatewayError) return { to: 'later', reason: `provider_${error.reason}`, isFailure: true }
    throw error
  }
}

async function confirm(ctx: Ctx, refund: Refund, claimed: 'succeeded' | 'failed', answer: ProviderRefund | undefined): Promise<Outcome> {
  if (!answer || refund.state === 'requested' || !isOurs(refund, answer)) return { to: 'parked', reason: 'not_confirmed' }
  const told = answer.status === 'cancelled' ? 'failed' : answer.status
  if (told !== claimed) return { to: 'parked', reason: 'not_confirmed' }
  const settled = await settleRefundAnswer(ctx, refund.id, answer)
  if (settled === 'settled') return { to: 'applied' }
  return settled === 'already' ? { to: 'applied', reason: 'already_posted' } : { to: 'parked', reason: settled }
}
