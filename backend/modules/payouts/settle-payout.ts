import { eq, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { ProviderPayout } from '../../platform/gateways.ts'
import { account, post } from '../ledger/index.ts'
import { holdsClaim, type Claim } from './claim-payout.ts'
import { lockPayout } from './queries.ts'
import { judgeStatus, type Verdict } from './rules.ts'
import { payouts, type Payout } from './tables.ts'
import { tellPayouts } from './tell-payouts.ts'

/** `not_confirmed`: the answer is not about this payout, or about another amount. */
export type Settled = 'settled' | 'nothing' | 'contradiction' | 'unknown_status' | 'not_confirmed'

/**
 * Does what the provider's own answer about a payout asks for, once: success leaves for good, failure and reversal come
 * back to the mitra. What does not fit is kept as it is, and shown to staff.
 */
export async function settlePayoutAnswer(ctx: Ctx, payoutId: string, answer: ProviderPayout): Promise<Settled> {
  return transact(ctx, async (tx) => {
    const payout = await lockPayout(tx, payoutId)
    if (!payout) return 'not_confirmed'
    if (!isAbout(payout, answer)) return flag(tx, payout, 'not_confirmed')
    const verdict = judgeStatus(payout.state, answer.status)
    if (verdict.act === 'contradiction' || verdict.act === 'unknown_status') return flag(tx, payout, verdict.act)
    if (verdict.act === 'settle') await settle(tx, payout, verdict, answer)
    return verdict.act === 'settle' ? 'settled' : 'nothing'
  })
}

/** The provider refused to make it for good: it comes back at once. False: it was made, settled or claimed by others meanwhile, and nothing is done. */
export async function failRefused(ctx: Ctx, claim: Claim, failureCode: string): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const payout = await lockPayout(tx, claim.id)
    if (payout?.state !== 'sent' || payout.providerPayoutId !== null || !(await holdsClaim(tx, claim))) return false
    await settle(tx, payout, { act: 'settle', outcome: 'failed', from: 'pending', to: 'payable' }, { id: null, status: 'refused', failureCode })
    return true
  })
}

function isAbout(payout: Payout, answer: ProviderPayout): boolean {
  return answer.referenceId === payout.id && answer.amountIdr === payout.amountIdr && answer.currency === 'IDR'
    && (payout.providerPayoutId === null || payout.providerPayoutId === answer.id)
}

type Answer = { id: string | null; status: string; failureCode: string | undefined }

async function settle(tx: Tx, payout: Payout, verdict: Extract<Verdict, { act: 'settle' }>, answer: Answer): Promise<void> {
  const { outcome } = verdict
  crashPointAfterCommit(tx, 'payout.settled')
  const [settled] = await tx.sql.update(payouts).set({
    state: outcome, providerPayoutId: answer.id ?? payout.providerPayoutId, providerStatus: answer.status, failureCode: outcome === 'succeeded' ? null : answer.failureCode ?? outcome,
    settledAt: payout.settledAt ?? sql`app_now()`, reversedAt: outcome === 'reversed' ? sql`app_now()` : null,
    askAt: null, claimedUntil: null, needsStaff: null, version: sql`${payouts.version} + 1`,
  }).where(eq(payouts.id, payout.id)).returning()
  const accountOf = { pending: account.payoutsPending, clearing: account.providerClearing, payable: account.payable(payout.mitraId) }
  await post(tx, {
    key: `payout:${payout.id}:${outcome}`, flow: `payout.${outcome}`,
    entries: [{ account: accountOf[verdict.from], amountIdr: -payout.amountIdr }, { account: accountOf[verdict.to], amountIdr: payout.amountIdr }],
  })
  await tellPayouts(tx, [settled!], outcome)
  crashPoint('payout.settling')
  tx.log.info({ event: 'payout_settled', payoutId: payout.id, mitraId: payout.mitraId, from: payout.state, outcome, amountIdr: payout.amountIdr }, 'the provider’s word about a payout')
}

async function flag<R extends string>(tx: Tx, payout: Payout, reason: R): Promise<R> {
  await tx.sql.update(payouts).set({ needsStaff: payout.needsStaff ?? reason }).where(eq(payouts.id, payout.id))
  tx.log.warn({ event: 'payout_needs_staff', payoutId: payout.id, state: payout.state, reason }, 'what the provider says of a payout does not fit')
  return reason
}
