import { and, count, eq, ne, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { worthOf } from './rules.ts'
import { promoCodes, promoUses, type PromoCode } from './tables.ts'

/** `personHash` is that of the phone number: an account that is erased and made anew is the same person. */
export type PromoWish = { code: string; personHash: Buffer | null; priceIdr: number }

/** Looks, without locking, what a code is worth to this person now. Throws `not_found`, the same for every refusal. */
export async function quotePromo(handle: Queryable, wish: PromoWish): Promise<number> {
  const [code] = await select(handle, wish.code)
  return assertUsable(handle, code, wish)
}

/**
 * Reserves a code's budget for a session: its row is locked, so that nobody gives more than there is. Throws `not_found`
 * whatever is wrong with it (unknown, over, used up, used before), so that codes can't be found out by trying.
 */
export async function reservePromo(tx: Tx, wish: PromoWish & { customerId: string; sessionId: string }): Promise<void> {
  const [code] = await select(tx.sql, wish.code).for('update')
  const reservedIdr = await assertUsable(tx.sql, code, wish)
  await tx.sql.update(promoCodes).set({ spentIdr: sql`${promoCodes.spentIdr} + ${reservedIdr}` }).where(eq(promoCodes.id, code!.id))
  await tx.sql.insert(promoUses).values({
    id: tx.ids.next(), codeId: code!.id, customerId: wish.customerId, personHash: wish.personHash!, sessionId: wish.sessionId, state: 'reserved', reservedIdr,
  })
}

type Found = PromoCode & { isOpen: boolean }

function select(handle: Queryable, code: string) {
  return handle.select({
    id: promoCodes.id, code: promoCodes.code, kind: promoCodes.kind, amountIdr: promoCodes.amountIdr, percent: promoCodes.percent, mostIdr: promoCodes.mostIdr,
    budgetIdr: promoCodes.budgetIdr, spentIdr: promoCodes.spentIdr, perPersonLimit: promoCodes.perPersonLimit, leastPriceIdr: promoCodes.leastPriceIdr,
    startsAt: promoCodes.startsAt, endsAt: promoCodes.endsAt, active: promoCodes.active, createdAt: promoCodes.createdAt, updatedAt: promoCodes.updatedAt,
    isOpen: sql<boolean>`${promoCodes.active} and ${promoCodes.startsAt} <= app_now() and ${promoCodes.endsAt} > app_now()`,
  }).from(promoCodes).where(eq(sql`upper(${promoCodes.code})`, code.toUpperCase()))
}

async function assertUsable(handle: Queryable, code: Found | undefined, wish: PromoWish): Promise<number> {
  if (!code?.isOpen || wish.personHash === null || wish.priceIdr < code.leastPriceIdr) throw refusal()
  const worthIdr = worthOf(code, wish.priceIdr)
  if (worthIdr === 0 || code.spentIdr + worthIdr > code.budgetIdr) throw refusal()
  const [used] = await handle.select({ times: count() }).from(promoUses)
    .where(and(eq(promoUses.codeId, code.id), eq(promoUses.personHash, wish.personHash), ne(promoUses.state, 'given_back')))
  if ((used?.times ?? 0) >= code.perPersonLimit) throw refusal()
  return worthIdr
}

function refusal(): AppError {
  return new AppError('not_found', 'no such promo code')
}
