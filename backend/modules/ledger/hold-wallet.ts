import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { account } from './accounts.ts'
import { lockBalance } from './lock-balance.ts'
import { post } from './post.ts'
import { walletHolds } from './tables.ts'

/**
 * Moves all that stands in a customer's wallet and promotional credit under an id of its own, where whoever has their
 * number now neither sees nor spends it, until staff have placed it (`releaseWallet`). What comes later is the new owner's.
 * The caller has locked the customer.
 */
export async function holdWallet(tx: Tx, customerId: string): Promise<void> {
  const id = tx.ids.next()
  const promoIdr = await moveLots(tx, customerId, id)
  const walletIdr = await lockBalance(tx, account.wallet(customerId))
  await post(tx, {
    key: `wallet-hold:${id}:held`, flow: 'wallet.held',
    entries: [
      { account: account.promo(customerId), amountIdr: -promoIdr }, { account: account.promo(id), amountIdr: promoIdr },
      { account: account.wallet(customerId), amountIdr: -walletIdr }, { account: account.wallet(id), amountIdr: walletIdr },
    ],
  })
  // After the posting, which is of the time before `held_at` like everything that is not the new owner's.
  await tx.sql.insert(walletHolds).values({ id, customerId })
  if (walletIdr + promoIdr > 0) tx.log.info({ event: 'wallet_held', userId: customerId, holdId: id, walletIdr, promoIdr }, 'the wallet of a number that may be recycled waits for staff')
}

/**
 * The same for what a mitra is owed: the new owner of their number begins with nothing, and with no debt. The caller has
 * locked the person.
 */
export async function holdEarnings(tx: Tx, mitraId: string): Promise<void> {
  const id = tx.ids.next()
  const earningsIdr = await lockBalance(tx, account.payable(mitraId))
  await post(tx, {
    key: `wallet-hold:${id}:held`, flow: 'earnings.held',
    entries: [{ account: account.payable(mitraId), amountIdr: -earningsIdr }, { account: account.payable(id), amountIdr: earningsIdr }],
  })
  await tx.sql.insert(walletHolds).values({ id, customerId: mitraId })
  if (earningsIdr !== 0) tx.log.info({ event: 'earnings_held', userId: mitraId, holdId: id, earningsIdr }, 'earnings of a number that may be recycled wait for staff')
}

/** Gives all credit that is left of one holder to another; the caller posts the sum that it answers. */
export async function moveLots(tx: Tx, from: string, to: string): Promise<number> {
  const { rows } = await tx.sql.execute<{ total: string }>(sql`
    with found as materialized (select id from promo_lots where customer_id = ${from} and remaining_idr > 0 order by expires_at, id for update),
    moved as (update promo_lots l set customer_id = ${to} from found where l.id = found.id returning l.remaining_idr)
    select coalesce(sum(remaining_idr), 0) as total from moved`)
  return Number(rows[0]!.total)
}
