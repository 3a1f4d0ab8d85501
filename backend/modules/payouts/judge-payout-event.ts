import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { GatewayError, type ProviderPayout } from '../../platform/gateways.ts'
import { callBudget, type InboxRow, type Outcome } from '../payments/index.ts'
import { rememberPayout } from './claim-payout.ts'
import { findByProvider } from './queries.ts'
import { readPayoutEvent, type PayoutEvent } from './read-payout-event.ts'
import { isConfirmed } from './rules.ts'
import { settlePayoutAnswer, type Settled } from './settle-payout.ts'
import type { Payout } from './tables.ts'

/**
 * Decides on an event about a payout: it only says where to look, and what the provider answers when asked counts. So
 * events may come in any order and any number. Throws only what is our own fault.
 */
export async function judgePayoutEvent(ctx: Ctx, row: InboxRow): Promise<Outcome> {
  const event = readPayoutEvent(row.body)
  if (!event) return { to: 'parked', reason: 'unreadable' }
  const payout = await findByProvider(ctx.sql, event)
  if (!payout) return { to: 'parked', reason: 'unknown_payout' }
  return { subjectId: payout.id, ...await judgeKnown(ctx, payout, event) }
}

async function judgeKnown(ctx: Ctx, payout: Payout, event: PayoutEvent): Promise<Outcome> {
  const mismatch = mismatchOf(payout, event)
  if (mismatch !== undefined) return { to: 'parked', reason: mismatch }
  // A storm of one event must not eat the budget of calls: what is settled so already is not asked about again.
  if (event.status === payout.state) return { to: 'applied', reason: 'already_posted' }
  if (event.status === 'waiting') return { to: 'applied', reason: 'nothing_to_do' }
  const answer = await ask(ctx, event.providerId)
  crashPoint('payout.asked')
  if ('to' in answer) return answer
  if (!answer.payout || !isConfirmed(event.status, answer.payout.status)) return { to: 'parked', reason: 'not_confirmed' }
  // A webhook can be quicker than the answer to our own creation.
  if (payout.state === 'sent' && payout.providerPayoutId === null && answer.payout.referenceId === payout.id) await rememberPayout(ctx, payout.id, answer.payout)
  return OUTCOMES[await settlePayoutAnswer(ctx, payout.id, answer.payout)]
}

const OUTCOMES: Readonly<Record<Settled, Outcome>> = {
  settled: { to: 'applied' },
  nothing: { to: 'applied', reason: 'already_posted' },
  contradiction: { to: 'parked', reason: 'contradiction' },
  unknown_status: { to: 'parked', reason: 'unknown_status' },
  not_confirmed: { to: 'parked', reason: 'not_confirmed' },
}

function mismatchOf(payout: Payout, event: PayoutEvent): string | undefined {
  if (event.amountIdr !== payout.amountIdr) return 'amount_mismatch'
  if (event.currency !== undefined && event.currency !== 'IDR') return 'currency_mismatch'
  // Two payouts of the provider under one of ours would be money sent twice.
  if (payout.providerPayoutId !== null && payout.providerPayoutId !== event.providerId) return 'second_payout'
  return event.status === 'unknown' ? 'unknown_status' : undefined
}

async function ask(ctx: Ctx, providerId: string): Promise<{ payout: ProviderPayout | undefined } | Outcome> {
  if (callBudget(ctx).take(1) === 0) return { to: 'later', reason: 'no_calls_left', isFailure: false }
  try {
    return { payout: await ctx.gateways.payouts.getPayout(providerId) }
  } catch (error) {
    if (error instanceof GatewayError) return { to: 'later', reason: `provider_${error.reason}`, isFailure: true }
    throw error
  }
}
