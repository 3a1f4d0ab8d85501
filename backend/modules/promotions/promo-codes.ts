import { desc, eq, lt, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { violatedConstraint, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { promoCodes, type PromoCode } from './tables.ts'

export type NewPromoCode = {
  code: string
  worth: { amountIdr: number } | { percent: number; mostIdr: number }
  budgetIdr: number
  perPersonLimit: number
  leastPriceIdr: number
  startsAt: Date
  endsAt: Date
}
type Changeable = Pick<PromoCode, 'budgetIdr' | 'perPersonLimit' | 'leastPriceIdr' | 'endsAt' | 'active'>
export type PromoCodeChange = { [K in keyof Changeable]?: Changeable[K] | undefined }

/** Codes of all times, the newest first. `cursor` is the last id of the page before; one more row than `limit` is answered. */
export async function findPromoCodes(handle: Queryable, page: { cursor?: string | undefined; limit: number }): Promise<PromoCode[]> {
  return handle.select().from(promoCodes).where(page.cursor === undefined ? undefined : lt(promoCodes.id, page.cursor)).orderBy(desc(promoCodes.id)).limit(page.limit + 1)
}

/** A new code, unlike all others whatever its letters' case. Throws `conflict`, `validation_failed`. */
export async function createPromoCode(tx: Tx, { worth, ...input }: NewPromoCode): Promise<PromoCode> {
  assertWindow(input.startsAt, input.endsAt)
  const terms = 'percent' in worth ? { kind: 'percent' as const, ...worth } : { kind: 'amount' as const, ...worth, mostIdr: worth.amountIdr }
  return refuse(async () => {
    const [made] = await tx.sql.insert(promoCodes).values({ ...input, ...terms, id: tx.ids.next() }).returning()
    return made!
  })
}

/** Changes what holds for uses from now on. Throws `not_found`, `conflict` (a budget below what is spent), `validation_failed`. */
export async function changePromoCode(tx: Tx, id: string, change: PromoCodeChange): Promise<PromoCode> {
  return refuse(async () => {
    const [before] = await tx.sql.select().from(promoCodes).where(eq(promoCodes.id, id)).for('update')
    if (!before) throw new AppError('not_found')
    if (change.endsAt) assertWindow(before.startsAt, change.endsAt)
    const [changed] = await tx.sql.update(promoCodes).set({ ...change, updatedAt: sql`app_now()` }).where(eq(promoCodes.id, id)).returning()
    return changed!
  })
}

function assertWindow(startsAt: Date, endsAt: Date): void {
  if (endsAt <= startsAt) throw new AppError('validation_failed', 'A promo code ends after it starts.')
}

async function refuse<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const constraint = violatedConstraint(error)
    if (constraint === 'promo_codes_code') throw new AppError('conflict', 'There is a promo code of this name already.')
    if (constraint === 'promo_codes_budget') throw new AppError('conflict', 'More than this is spent already.')
    throw error
  }
}
