import { eq, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { account, lockPayable, post } from '../ledger/index.ts'
import { findOpenRefundsOfSessions } from '../refunds/index.ts'
import { findSessionsOfMitra, sumHeldEarnings } from '../sessions/index.ts'
import { CLAIM_SECONDS, type Claim } from './claim-payout.ts'
import { lockPayout } from './queries.ts'
import { payouts, type Payout } from './tables.ts'
import { tellPayouts } from './tell-payouts.ts'

/** A refund of the mitra's sessions is waited for in such steps, and after a day a person looks. */
const REFUND_WAIT_SECONDS = 600
/** Somebody else talks to the provider about it just now. */
const CLAIMED_WAIT_SECONDS = 5

export type Reserved = { claim: Claim } | { laterSeconds: number } | { done: true }

/**
 * Takes an approved payout's money out of what its mitra is owed, and claims it for the call; a payout that was sent
 * already and that the provider does not know of yet is only claimed. What is owed may have shrunk since it was asked
 * for: then it fails, and nothing is posted.
 */
export async function reservePayout(ctx: Ctx, payoutId: string): Promise<Reserved> {
  return transact(ctx, async (tx) => {
    const payout = await lockPayout(tx, payoutId)
    if (payout?.state === 'approved') return send(tx, payout)
    if (payout?.state !== 'sent' || payout.providerPayoutId !== null) return { done: true }
    return await claim(tx, payout) ?? { laterSeconds: CLAIMED_WAIT_SECONDS }
  })
}

async function send(tx: Tx, payout: Payout): Promise<Reserved> {
  // No CHECK guards this balance: it is compared here, under its lock, as are the refunds that may be about to take from it.
  const payableIdr = await lockPayable(tx, payout.mitraId)
  const sessionIds = await findSessionsOfMitra(tx.sql, payout.mitraId)
  if ((await findOpenRefundsOfSessions(tx.sql, sessionIds)).size > 0) return waitForRefund(tx, payout)
  const heldIdr = (await sumHeldEarnings(tx.sql, [payout.mitraId])).get(payout.mitraId) ?? 0
  if (payableIdr - heldIdr < payout.amountIdr) return fail(tx, payout)
  crashPointAfterCommit(tx, 'payout.sent')
  await tx.sql.update(payouts).set({ state: 'sent', sentAt: sql`app_now()`, needsStaff: null, version: sql`${payouts.version} + 1` }).where(eq(payouts.id, payout.id))
  await post(tx, {
    key: `payout:${payout.id}:send`, flow: 'payout.sent',
    entries: [{ account: account.payable(payout.mitraId), amountIdr: -payout.amountIdr }, { account: account.payoutsPending, amountIdr: payout.amountIdr }],
  })
  const claimed = (await claim(tx, payout))!
  crashPoint('payout.sending')
  tx.log.info({ event: 'payout_sent', payoutId: payout.id, mitraId: payout.mitraId, amountIdr: payout.amountIdr }, 'a payout goes out')
  return claimed
}

async function claim(tx: Tx, payout: Payout): Promise<{ claim: Claim } | undefined> {
  const { rows: [row] } = await tx.sql.execute<{ until: string }>(sql`
    update payouts set claimed_until = app_now() + make_interval(secs => ${CLAIM_SECONDS})
    where id = ${payout.id} and (claimed_until is null or claimed_until <= app_now()) returning claimed_until::text as until`)
  return row && { claim: { id: payout.id, bankAccountId: payout.bankAccountId, amountIdr: payout.amountIdr, triesBefore: payout.sendTries, failuresBefore: payout.sendFailures, until: row.until } }
}

async function waitForRefund(tx: Tx, payout: Payout): Promise<Reserved> {
  await tx.sql.execute(sql`
    update payouts set needs_staff = 'refund_pending' where id = ${payout.id} and needs_staff is null and approved_at < app_now() - interval '1 day'`)
  return { laterSeconds: REFUND_WAIT_SECONDS }
}

async function fail(tx: Tx, payout: Payout): Promise<Reserved> {
  const [failed] = await tx.sql.update(payouts)
    .set({ state: 'failed', failureCode: 'insufficient', settledAt: sql`app_now()`, needsStaff: null, version: sql`${payouts.version} + 1` }).where(eq(payouts.id, payout.id)).returning()
  await tellPayouts(tx, [failed!], 'failed')
  tx.log.info({ event: 'payout_insufficient', payoutId: payout.id, mitraId: payout.mitraId, amountIdr: payout.amountIdr }, 'less is owed than was to be paid out')
  return { done: true }
}
