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

/**
 * Gives a customer promotional credit in a lot of its own (`promotions → customer_promo`). False: `key` was used before.
 */
export async function grantPromo(tx: Tx, grant: { key: string; customerId: string; amountIdr: number; expiresAt: Date; source: string }): Promise<boolean> {
  const isNew = await post(tx, {
    key: grant.key, flow: 'promo.grant',
    entries: [{ account: account.promotions, amountIdr: -grant.amountIdr }, { account: account.promo(grant.customerId), amountIdr: grant.amountIdr }],
  })
  if (!isNew) return false
  await tx.sql.insert(promoLots).values({
    id: tx.ids.next(), customerId: grant.customerId, source: grant.source,
    amountIdr: grant.amountIdr, remainingIdr: grant.amountIdr, expiresAt: grant.expiresAt,
  })
  return true
}

function partsJson(parts: readonly Pick<LotPart, 'lotId' | 'amountIdr'>[]): string {
  return JSON.stringify(parts.map((part) => ({ id: part.lotId, amount: part.amountIdr })))
}
