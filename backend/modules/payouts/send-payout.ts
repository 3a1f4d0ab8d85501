import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { GatewayError, type ProviderPayout } from '../../platform/gateways.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { readDestination } from '../mitras/index.ts'
import { callBudget } from '../payments/index.ts'
import { flagPayout, noteTry, releaseClaim, rememberPayout, type Claim } from './claim-payout.ts'
import { SEND_PAYOUT_TOPIC } from './decide-batch.ts'
import { reservePayout } from './reserve-payout.ts'
import { judgeRefusal, retrySeconds, type Refused } from './rules.ts'
import { failRefused, settlePayoutAnswer } from './settle-payout.ts'

const BUDGET_PATIENCE_MS = 10_000
const LOOK_UP_PATIENCE_MS = 2000
const NO_CALLS_SECONDS = 5
/** With payments switched off nothing is sent; what is approved waits. */
const SWITCHED_OFF_SECONDS = 600
/** What only a person, or much time, changes is tried again after this. */
const REFUSED_SECONDS = 300
/** What may pass by itself (a list that lags behind, a page of a proxy) is shown to a person after so many tries. */
const STAFF_AFTER_TRIES = 3
/** So often in a row, about a quarter of an hour. */
const STAFF_AFTER_FAILURES = 10

/**
 * Sends an approved payout, once, whoever else tries: its money is reserved in the ledger first, the row is claimed, and
 * after an uncertain answer the provider is asked for a payout under our id before it is asked to make one again (that id
 * is the idempotency key besides). Must not run inside a transaction.
 */
export async function sendPayout(ctx: Ctx, payoutId: string): Promise<void> {
  if (!ctx.gateways.payments.enabled) return tryLater(ctx, payoutId, SWITCHED_OFF_SECONDS)
  const budget = callBudget(ctx)
  if (!(await budget.wait(BUDGET_PATIENCE_MS))) return tryLater(ctx, payoutId, NO_CALLS_SECONDS)
  const reserved = await budget.keepFor(1, reservePayout(ctx, payoutId), (one) => ('claim' in one ? 1 : 0))
  if ('claim' in reserved) return make(ctx, reserved.claim)
  if ('laterSeconds' in reserved) await tryLater(ctx, payoutId, reserved.laterSeconds)
}

async function make(ctx: Ctx, claim: Claim): Promise<void> {
  let call: Refused['call'] = 'list'
  try {
    let answer = await lookUp(ctx, claim)
    if (!answer) {
      call = 'create'
      answer = await ask(ctx, claim)
    }
    crashPoint('payout.made')
    if (!(await rememberPayout(ctx, claim.id, answer))) await flagPayout(ctx, claim.id, 'second_payout')
    crashPoint('payout.remembered')
    await settlePayoutAnswer(ctx, claim.id, answer)
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      await releaseClaim(ctx, claim)
      throw error
    }
    await notMade(ctx, claim, call, error)
  }
}

// What the provider has under our id, where an earlier try may have made one.
async function lookUp(ctx: Ctx, claim: Claim): Promise<ProviderPayout | undefined> {
  if (claim.triesBefore === 0) return undefined
  if (!(await callBudget(ctx).wait(LOOK_UP_PATIENCE_MS))) throw new GatewayError('limited', 'the budget of calls is used up')
  return ctx.gateways.payouts.findPayout(claim.id)
}

async function ask(ctx: Ctx, claim: Claim): Promise<ProviderPayout> {
  const destination = await readDestination(ctx.sql, ctx, claim.bankAccountId)
  if (!(await noteTry(ctx, claim))) throw new GatewayError('timeout', 'the claim is over')
  return ctx.gateways.payouts.createPayout({ id: claim.id, ...destination, amountIdr: claim.amountIdr, description: 'Halobestie' })
}

async function notMade(ctx: Ctx, claim: Claim, call: Refused['call'], error: GatewayError): Promise<void> {
  const [tries, failures] = [claim.triesBefore + 1, claim.failuresBefore + 1]
  ctx.log.warn({ payoutId: claim.id, call, reason: error.reason, providerCode: error.providerCode, tries, failures }, 'a payout could not be made')
  // By failures and not by tries: who only looks for what an earlier try made adds none.
  if (error.reason !== 'refused') {
    await releaseClaim(ctx, claim, { failed: true, needsStaff: failures >= STAFF_AFTER_FAILURES ? error.reason : null })
    return tryLater(ctx, claim.id, retrySeconds(failures))
  }
  const { status, providerCode } = error
  const proves = judgeRefusal({ call, status, providerCode, triesBefore: claim.triesBefore })
  const why = providerCode ?? `status_${status}`
  if (proves === 'final' && await failRefused(ctx, claim, why)) return
  // A list that is refused adds no tries: it would never come to that number.
  const mayPass = proves === 'unclear' && call === 'create'
  await releaseClaim(ctx, claim, { needsStaff: mayPass && tries < STAFF_AFTER_TRIES ? null : why, failed: true, notMade: proves === 'not_made' })
  await tryLater(ctx, claim.id, mayPass ? retrySeconds(tries) : REFUSED_SECONDS)
}

// Not by failing: that the provider is away is no fault of the reaction, and it must not use up the row's attempts.
async function tryLater(ctx: Ctx, payoutId: string, dueInSeconds: number): Promise<void> {
  await transact(ctx, (tx) => writeOutbox(tx, [{ topic: SEND_PAYOUT_TOPIC, payload: { payoutId }, dueInSeconds }]))
}
