import { eq, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { ProviderPayout } from '../../platform/gateways.ts'
import { account, post } from '../ledger/index.ts'
import { refuseBankAccount } from '../mitras/index.ts'
import { holdsClaim, type Claim } from './claim-payout.ts'
import { lockPayout } from './queries.ts'
import { isAccountDead, judgeStatus, type Outcome, type Place } from './rules.ts'
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
    if (verdict.act === 'settle') await settlePayout(tx, payout, { ...verdict, by: afterPersons(payout) }, answer)
    return verdict.act === 'settle' ? 'settled' : 'nothing'
  })
}

/** The provider refused to make it for good: it comes back at once. False: it was made, settled or claimed by others meanwhile, and nothing is done. */
export async function failRefused(ctx: Ctx, claim: Claim, failureCode: string): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const payout = await lockPayout(tx, claim.id)
    if (payout?.state !== 'sent' || payout.providerPayoutId !== null || !(await holdsClaim(tx, claim))) return false
    await settlePayout(tx, payout, { outcome: 'failed', from: 'pending', to: 'payable' }, { id: null, status: 'refused', failureCode })
    return true
  })
}

function isAbout(payout: Payout, answer: ProviderPayout): boolean {
  return answer.referenceId === payout.id && answer.amountIdr === payout.amountIdr && answer.currency === 'IDR'
    && (payout.providerPayoutId === null || payout.providerPayoutId === answer.id)
}

/** `by`: which word of persons it was, part of the posting's key; the provider's has none. */
type Settling = { outcome: Outcome; from: Place; to: Place; by?: string | undefined }
type Answer = { id: string | null; status: string; failureCode: string | undefined; reference?: string }

// Persons may have moved the money since the provider told of such an outcome before: this one is posted besides.
function afterPersons(payout: Payout): string | undefined {
  return payout.settledReference === null ? undefined : `v${payout.version}`
}

/** Gives a locked payout its outcome, and moves its money where that has to. */
export async function settlePayout(tx: Tx, payout: Payout, { outcome, from, to, by }: Settling, answer: Answer): Promise<Payout> {
  crashPointAfterCommit(tx, 'payout.settled')
  const [settled] = await tx.sql.update(payouts).set({
    state: outcome, providerPayoutId: answer.id ?? payout.providerPayoutId, providerStatus: answer.status, failureCode: outcome === 'succeeded' ? null : answer.failureCode ?? outcome,
    settledAt: payout.settledAt ?? sql`app_now()`, reversedAt: outcome === 'reversed' ? payout.reversedAt ?? sql`app_now()` : null, settledReference: answer.reference ?? payout.settledReference,
    askAt: null, claimedUntil: null, needsStaff: null, version: sql`${payouts.version} + 1`,
  }).where(eq(payouts.id, payout.id)).returning()
  if (outcome !== 'succeeded' && isAccountDead(answer.failureCode)) await refuseBankAccount(tx, payout.bankAccountId, answer.failureCode!)
  const accountOf = { pending: account.payoutsPending, clearing: account.providerClearing, payable: account.payable(payout.mitraId) }
  if (from !== to) {
    await post(tx, {
      key: ['payout', payout.id, outcome, by].filter((part) => part !== undefined).join(':'), flow: `payout.${outcome}`,
      entries: [{ account: accountOf[from], amountIdr: -payout.amountIdr }, { account: accountOf[to], amountIdr: payout.amountIdr }],
    })
  }
  if (settled!.state !== payout.state) await tellPayouts(tx, [settled!], outcome)
  crashPoint('payout.settling')
  tx.log.info({ event: 'payout_settled', payoutId: payout.id, mitraId: payout.mitraId, from: payout.state, outcome, amountIdr: payout.amountIdr }, 'the provider’s word about a payout')
  return settled!
}

async function flag<R extends string>(tx: Tx, payout: Payout, reason: R): Promise<R> {
  await tx.sql.update(payouts).set({ needsStaff: payout.needsStaff ?? reason }).where(eq(payouts.id, payout.id))
  tx.log.warn({ event: 'payout_needs_staff', payoutId: payout.id, state: payout.state, reason }, 'what the provider says of a payout does not fit')
  return reason
}
