import { and, eq } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findBankAccount } from '../mitras/index.ts'
import type { PayoutView } from './contract.ts'
import { sumEarnings } from './earnings.ts'
import { viewPayouts } from './queries.ts'
import { payouts, type Payout } from './tables.ts'
import { tellPayouts } from './tell-payouts.ts'

/**
 * A mitra asks to be paid out, all that is available unless told otherwise; two members of staff decide, and what is
 * owed then decides again. One at a time. `requestKey` (the Idempotency-Key) finds it again after a crash.
 * Throws `conflict` (no bank account, or one that is dead; one is open), `amount_below_minimum`, `insufficient_balance`.
 */
export async function requestPayout(ctx: Ctx, mitraId: string, input: { amountIdr?: number | undefined }, requestKey: string): Promise<PayoutView> {
  const payout = await transact(ctx, async (tx) => await findByKey(tx, mitraId, requestKey) ?? insertPayout(tx, mitraId, input, requestKey))
  return (await viewPayouts(ctx.sql, ctx, [payout]))[0]!
}

async function findByKey(tx: Tx, mitraId: string, requestKey: string): Promise<Payout | undefined> {
  const [row] = await tx.sql.select().from(payouts).where(and(eq(payouts.mitraId, mitraId), eq(payouts.requestKey, requestKey)))
  return row
}

async function insertPayout(tx: Tx, mitraId: string, input: { amountIdr?: number | undefined }, requestKey: string): Promise<Payout> {
  const account = await findBankAccount(tx.sql, tx, mitraId)
  if (!account) throw new AppError('conflict', 'Set your bank account first.')
  if (account.isRefused) throw new AppError('conflict', 'Your bank knows no such account: set another one.')
  const earnings = await sumEarnings(tx.sql, mitraId)
  if (earnings.open) throw new AppError('conflict', 'A payout is waiting already.')
  const amountIdr = input.amountIdr ?? earnings.availableIdr
  const leastIdr = tx.settings.get('minPayoutIdr')
  if (amountIdr < leastIdr) throw new AppError('amount_below_minimum', `The least payout is Rp ${leastIdr}.`)
  if (amountIdr > earnings.availableIdr) throw new AppError('insufficient_balance', 'That is more than is available.')
  crashPointAfterCommit(tx, 'payout.requested')
  // Two at once: the second waits here for the first, and one of them is open then.
  const [made] = await tx.sql.insert(payouts)
    .values({ id: tx.ids.next(), mitraId, bankAccountId: account.id, state: 'requested', amountIdr, requestedByKind: 'mitra', requestKey })
    .onConflictDoNothing().returning()
  if (made) await tellPayouts(tx, [made], 'requested')
  const payout = made ?? await findByKey(tx, mitraId, requestKey)
  if (!payout) throw new AppError('conflict', 'A payout is waiting already.')
  crashPoint('payout.requesting')
  tx.log.info({ event: 'payout_requested', payoutId: payout.id, mitraId, amountIdr }, 'a mitra asks to be paid out')
  return payout
}
