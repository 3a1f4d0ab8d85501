import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { grantLot, takeLot, withdrawLot, type LotPart } from '../ledger/index.ts'
import { GIVE_BACK } from './give-back.ts'
import { promoUses, type PromoUse } from './tables.ts'

/** The code that a session was asked for with, whatever has become of it. */
export async function findPromoUse(handle: Queryable, sessionId: string): Promise<PromoUse | undefined> {
  const [use] = await handle.select().from(promoUses).where(eq(promoUses.sessionId, sessionId))
  return use
}

/** The same of many sessions; by id. */
export async function findPromoUses(handle: Queryable, sessionIds: readonly string[]): Promise<PromoUse[]> {
  return sessionIds.length === 0 ? [] : handle.select().from(promoUses).where(inArray(promoUses.sessionId, [...sessionIds])).orderBy(promoUses.id)
}

/**
 * Turns `amountIdr` of what was reserved into a lot of its own, granted and taken in one (the caller posts it into the
 * escrow). What is not needed of the reservation goes back to the budget.
 */
export async function usePromo(tx: Tx, use: PromoUse, amountIdr: number): Promise<LotPart[]> {
  const lotId = amountIdr === 0 ? undefined : await grantLot(tx, {
    key: `session:${use.sessionId}:promo`, customerId: use.customerId, amountIdr, source: `code:${use.codeId}`,
    expiresAt: await endOfCredit(tx),
  })
  if (amountIdr > 0 && lotId === undefined) throw new Error('a promo code was used twice for one session')
  await settle(tx, use, { state: amountIdr === 0 ? 'given_back' : 'used', usedIdr: amountIdr, lotId: lotId ?? null })
  if (amountIdr < use.reservedIdr) await writeOutbox(tx, [{ topic: GIVE_BACK, payload: { useId: use.id } }])
  return lotId === undefined ? [] : [await takeLot(tx, lotId)]
}

/**
 * The session is over: `returnedIdr` of the code's credit came back to the customer's promotional account and leaves it at
 * once (a code is for its session, not for the next), and the budget is given back what was not spent.
 */
export async function endPromoUse(tx: Tx, use: PromoUse, returnedIdr: number): Promise<void> {
  if (use.state === 'given_back' || (use.state === 'used' && returnedIdr === 0)) return
  crashPointAfterCommit(tx, 'promo.given-back')
  if (use.lotId !== null && returnedIdr > 0) await withdrawLot(tx, { lotId: use.lotId, customerId: use.customerId, amountIdr: returnedIdr })
  await settle(tx, use, { state: returnedIdr === use.usedIdr ? 'given_back' : 'used', returnedIdr })
  await writeOutbox(tx, [{ topic: GIVE_BACK, payload: { useId: use.id } }])
  crashPoint('promo.returning')
}

async function settle(tx: Tx, use: PromoUse, set: Partial<Pick<PromoUse, 'state' | 'usedIdr' | 'returnedIdr' | 'lotId'>>): Promise<void> {
  const [changed] = await tx.sql.update(promoUses).set({ ...set, settledAt: sql`app_now()` })
    .where(and(eq(promoUses.id, use.id), eq(promoUses.state, use.state))).returning({ id: promoUses.id })
  if (!changed) throw new Error('a promo code was settled between two looks') // rolls back; the next decision sees it
}

async function endOfCredit(tx: Tx): Promise<Date> {
  const { rows } = await tx.sql.execute<{ at: string }>(sql`select app_now() + make_interval(days => ${tx.settings.get('promoCodeDays')}) as at`)
  return new Date(rows[0]!.at)
}
