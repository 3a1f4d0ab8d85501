import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { ProviderRefund } from '../../platform/gateways.ts'
import { findPeople } from '../identity/index.ts'
import { account, findWalletAccount, post } from '../ledger/index.ts'
import { findPayment, openSuspense } from '../payments/index.ts'
import { findInvoiced, lockSession, touchSession } from '../sessions/index.ts'
import { FLOWS } from './facts.ts'
import { findRefund } from './queries.ts'
import { goesBackTo, type Outcome, type Source } from './rules.ts'
import { refunds, type Refund } from './tables.ts'
import { tellCustomer } from './tell-customer.ts'

export type Settled = 'settled' | 'already' | 'waits' | 'contradiction' | 'mismatch'

/** Whether what the provider tells of is this refund of ours: reference, sum and currency. */
export function isOurs(refund: Refund, answer: Pick<ProviderRefund, 'id' | 'referenceId' | 'amountIdr' | 'currency'>): boolean {
  const isNamed = answer.referenceId === undefined ? refund.providerRefundId === answer.id : answer.referenceId === refund.id
  return isNamed && (refund.providerRefundId ?? answer.id) === answer.id && answer.amountIdr === refund.amountIdr && answer.currency === 'IDR'
}

/** Whether the provider made what persons had settled by hand: the customer may have it twice. */
export function isByHandToo(refund: Refund, told: 'succeeded' | 'failed'): boolean {
  return refund.providerStatus === 'by_hand' && told === 'succeeded'
}

/**
 * Does what the provider's own answer about a refund asks for, once. `mismatch`: the answer is not about this refund;
 * `contradiction`: it has the other outcome already. Both are for staff, and nothing is changed by them.
 */
export async function settleRefundAnswer(ctx: Ctx, refundId: string, answer: ProviderRefund): Promise<Settled> {
  const refund = await findRefund(ctx.sql, refundId)
  if (!refund || !isOurs(refund, answer)) return 'mismatch'
  if (answer.status === 'pending' || answer.status === 'unknown') return 'waits'
  const outcome = answer.status === 'succeeded' ? 'succeeded' : 'failed'
  return transact(ctx, (tx) => settleRefund(tx, refund, outcome, { providerRefundId: answer.id, providerStatus: answer.status, failureCode: answer.failureCode ?? null }))
}

type Told = Partial<Pick<Refund, 'providerRefundId' | 'providerStatus' | 'failureCode' | 'settledReference'>>

/** approved, pending → succeeded | failed, with its posting. A succeeded refund stays so; what failed went back already. */
export async function settleRefund(tx: Tx, refund: Refund, outcome: 'succeeded' | 'failed', told: Told): Promise<Settled> {
  // What goes back may go to the escrow: whether the session is open is decided under its lock.
  if (outcome === 'failed') await lockSession(tx, refund.sessionId)
  crashPointAfterCommit(tx, 'refund.settled')
  const [settled] = await tx.sql.update(refunds)
    .set({ ...told, state: outcome, settledAt: sql`app_now()`, askAt: null, claimedUntil: null, needsStaff: null, version: sql`${refunds.version} + 1` })
    .where(and(eq(refunds.id, refund.id), inArray(refunds.state, ['approved', 'pending']))).returning()
  if (!settled) return judgeRepeated((await findRefund(tx.sql, refund.id))!, outcome, told)
  await postOutcome(tx, settled, outcome)
  await tellCustomer(tx, settled, outcome)
  crashPoint('refund.settling')
  tx.log.info({ event: 'refund_settled', refundId: refund.id, paymentId: refund.paymentId, outcome, failureCode: told.failureCode }, 'a refund has its outcome')
  return 'settled'
}

function judgeRepeated(settled: Refund, outcome: 'succeeded' | 'failed', told: Told): Settled {
  const isAnother = settled.providerRefundId !== null && settled.providerRefundId !== told.providerRefundId
  return settled.state === outcome && !isAnother && !isByHandToo(settled, outcome) ? 'already' : 'contradiction'
}

/** Out of `refunds_pending`: to the provider, or back. The session is locked where it goes back. */
export async function postOutcome(tx: Tx, refund: Refund, outcome: Outcome): Promise<void> {
  const amountIdr = refund.amountIdr ?? 0
  const targets = outcome === 'succeeded' ? [{ account: account.providerClearing, amountIdr }] : await backOf(tx, refund)
  await post(tx, {
    key: `refund:${refund.id}:${outcome}`, flow: FLOWS[outcome], sessionId: refund.sessionId, paymentId: refund.paymentId,
    entries: [{ account: account.refundsPending, amountIdr: -amountIdr }, ...targets],
  })
  if (targets.some((target) => target.account === account.escrow(refund.sessionId))) await touchSession(tx, refund.sessionId)
}

async function backOf(tx: Tx, refund: Refund): Promise<Source[]> {
  const { state } = await findInvoiced(tx.sql, refund.sessionId)
  const payment = await findPayment(tx.sql, refund.paymentId)
  const held = payment && await findWalletAccount(tx.sql, refund.customerId, payment.createdAt)
  const wallet = held ?? account.wallet(refund.customerId)
  // Since it was decided on, the number may have had a new owner, or staff may have placed what the old one left.
  const sources = refund.sources.map((source) => (source.account.startsWith('customer_wallet:') ? { ...source, account: wallet } : source))
  const back = goesBackTo(sources, wallet, state === 'active' || state === 'paused')
  const payer = (await findPeople(tx.sql, [refund.customerId])).get(refund.customerId)
  const isGone = held === undefined || !payer || payer.bannedAt !== null || payer.erasedAt !== null
  // Money of somebody who is gone, and what stood in suspense before, waits for staff again.
  const waits = back.filter((target) => target.account.startsWith('suspense:') || (isGone && target.account === wallet))
  const waitingIdr = waits.reduce((sum, target) => sum + target.amountIdr, 0)
  if (waitingIdr === 0) return back
  const item = await openSuspense(tx, {
    paymentId: refund.paymentId, providerPaymentId: refund.providerInvoiceId ?? payment?.providerInvoiceId ?? null, customerId: refund.customerId, amountIdr: waitingIdr, reason: 'refund_returned',
  })
  return [...back.filter((target) => !waits.includes(target)), { account: item.account, amountIdr: waitingIdr }]
}
