import { and, eq, gt, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { account } from './accounts.ts'
import { post } from './post.ts'
import { takeFromLots } from './rules.ts'
import { promoLots } from './tables.ts'
import type { LotPart } from './types.ts'

/**
 * Takes up to `upToIdr` of promotional credit out of the customer's lots, the soonest to expire first. The caller posts
 * the same sum from `account.promo` in this transaction: lots and account are equal at every commit.
 */
export async function takePromo(tx: Tx, customerId: string, upToIdr: number): Promise<LotPart[]> {
  if (upToIdr <= 0) return []
  const lots = await tx.sql.select({ id: promoLots.id, remainingIdr: promoLots.remainingIdr, expiresAt: promoLots.expiresAt }).from(promoLots)
    .where(and(eq(promoLots.customerId, customerId), gt(promoLots.remainingIdr, 0), gt(promoLots.expiresAt, sql`app_now()`)))
    .orderBy(promoLots.expiresAt, promoLots.id).for('update')
  const parts = takeFromLots(lots, upToIdr).map(({ lot, amountIdr }) => ({ lotId: lot.id, amountIdr, expiresAt: lot.expiresAt }))
  if (parts.length > 0) {
    await tx.sql.execute(sql`
      update promo_lots l set remaining_idr = l.remaining_idr - r.amount
      from jsonb_to_recordset(${partsJson(parts)}::jsonb) as r(id uuid, amount bigint)
      where l.id = r.id`)
  }
  return parts
}

/**
 * Puts credit back into the lots that it came from; each then lives at least `leastDays` more. The caller posts the
 * same sum to `account.promo` in this transaction.
 */
export async function giveBackPromo(tx: Tx, customerId: string, parts: readonly Pick<LotPart, 'lotId' | 'amountIdr'>[], leastDays: number): Promise<void> {
  const back = parts.filter((part) => part.amountIdr > 0)
  if (back.length === 0) return
  const result = await tx.sql.execute(sql`
    update promo_lots l set remaining_idr = l.remaining_idr + r.amount, expires_at = greatest(l.expires_at, app_now() + make_interval(days => ${leastDays}))
    from (select id, sum(amount) as amount
          from jsonb_to_recordset(${partsJson(back)}::jsonb) as p(id uuid, amount bigint) group by id) r
    where l.id = r.id and l.customer_id = ${customerId}`)
  const wanted = new Set(back.map((part) => part.lotId)).size
  if (result.rowCount !== wanted) throw new Error('a promotional lot to give back to is missing')
}

export type Grant = { key: string; customerId: string; amountIdr: number; expiresAt: Date; source: string }

/** Gives a customer promotional credit in a lot of its own (`promotions → customer_promo`). False: `key` was used before. */
export async function grantPromo(tx: Tx, grant: Grant): Promise<boolean> {
  return (await grantLot(tx, grant)) !== undefined
}

/** The same, answering the lot's id. */
export async function grantLot(tx: Tx, grant: Grant): Promise<string | undefined> {
  const isNew = await post(tx, {
    key: grant.key, flow: 'promo.grant',
    entries: [{ account: account.promotions, amountIdr: -grant.amountIdr }, { account: account.promo(grant.customerId), amountIdr: grant.amountIdr }],
  })
  if (!isNew) return undefined
  const id = tx.ids.next()
  await tx.sql.insert(promoLots).values({
    id, customerId: grant.customerId, source: grant.source,
    amountIdr: grant.amountIdr, remainingIdr: grant.amountIdr, expiresAt: grant.expiresAt,
  })
  return id
}

/** Takes all that is left out of one lot, which need not be the next to expire. The caller posts the same sum, as for `takePromo`. */
export async function takeLot(tx: Tx, lotId: string): Promise<LotPart> {
  const [lot] = await tx.sql.select({ amountIdr: promoLots.remainingIdr, expiresAt: promoLots.expiresAt }).from(promoLots).where(eq(promoLots.id, lotId)).for('update')
  if (!lot) throw new Error('a promotional lot to take from is missing')
  await tx.sql.update(promoLots).set({ remainingIdr: 0 }).where(eq(promoLots.id, lotId))
  return { lotId, ...lot }
}

/**
 * Takes credit that has just come back to `account.promo`, and not into its lot, away from the customer (`customer_promo →
 * promotions`): the lot is over now. Once a lot.
 */
export async function withdrawLot(tx: Tx, lot: { lotId: string; customerId: string; amountIdr: number }): Promise<void> {
  const [over] = await tx.sql.update(promoLots).set({ expiresAt: sql`least(${promoLots.expiresAt}, app_now())` })
    .where(and(eq(promoLots.id, lot.lotId), eq(promoLots.customerId, lot.customerId))).returning({ expiresAt: promoLots.expiresAt })
  if (!over) throw new Error('a promotional lot to end is missing')
  await post(tx, {
    key: `lot:${lot.lotId}:expire:${over.expiresAt.toISOString()}`, flow: 'promo.expire',
    entries: [{ account: account.promo(lot.customerId), amountIdr: -lot.amountIdr }, { account: account.promotions, amountIdr: lot.amountIdr }],
  })
}

function partsJson(parts: readonly Pick<LotPart, 'lotId' | 'amountIdr'>[]): string {
  return JSON.stringify(parts.map((part) => ({ id: part.lotId, amount: part.amountIdr })))
}
