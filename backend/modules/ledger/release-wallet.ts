import { and, eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { account } from './accounts.ts'
import { moveLots } from './hold-wallet.ts'
import { lockBalance } from './lock-balance.ts'
import { post } from './post.ts'
import { promoLots, walletHolds } from './tables.ts'

/** `owner`: it is the same person, who gets all of it. Else the suspended sum that `suspend` opens; the credit ends. */
export type ReleaseTo = { to: 'owner' } | { to: 'suspense'; suspend: (amountIdr: number) => Promise<{ id: string; account: string }> }
export type Released = { customerId: string; walletIdr: number; promoIdr: number; earningsIdr: number; suspenseId: string | null }

/** Places a wallet that waited for staff, once. The caller has two persons for it. Throws `not_found`, `conflict`. */
export async function releaseWallet(tx: Tx, id: string, target: ReleaseTo): Promise<Released> {
  const [hold] = await tx.sql.select().from(walletHolds).where(eq(walletHolds.id, id)).for('update')
  if (!hold) throw new AppError('not_found', 'no wallet is held under this id')
  if (hold.state !== 'held') throw new AppError('conflict', 'This wallet is placed already.')
  const toOwner = target.to === 'owner'
  const promoIdr = toOwner ? await moveLots(tx, id, hold.customerId) : await emptyLots(tx, id)
  const walletIdr = await lockBalance(tx, account.wallet(id))
  const owedIdr = await lockBalance(tx, account.payable(id))
  // A debt is nothing that could be placed: it stays where it is.
  const earningsIdr = toOwner ? owedIdr : Math.max(0, owedIdr)
  const suspended = target.to === 'owner' || walletIdr + earningsIdr === 0 ? undefined : await target.suspend(walletIdr + earningsIdr)
  await post(tx, {
    key: `wallet-hold:${id}:released`, flow: 'wallet.released',
    entries: [
      { account: account.promo(id), amountIdr: -promoIdr }, { account: toOwner ? account.promo(hold.customerId) : account.promotions, amountIdr: promoIdr },
      { account: account.wallet(id), amountIdr: -walletIdr }, { account: suspended?.account ?? account.wallet(hold.customerId), amountIdr: walletIdr },
      { account: account.payable(id), amountIdr: -earningsIdr }, { account: suspended?.account ?? account.payable(hold.customerId), amountIdr: earningsIdr },
    ],
  })
  await tx.sql.update(walletHolds).set({ state: toOwner ? 'released' : 'suspended', settledAt: sql`app_now()`, suspenseId: suspended?.id ?? null }).where(eq(walletHolds.id, id))
  tx.log.info({ event: 'wallet_released', userId: hold.customerId, holdId: id, to: target.to, walletIdr, promoIdr, earningsIdr }, 'a wallet that was held is placed')
  return { customerId: hold.customerId, walletIdr, promoIdr, earningsIdr, suspenseId: suspended?.id ?? null }
}

/** Takes all credit that is left of a holder; the caller posts the sum that it answers. */
export async function emptyLots(tx: Tx, holderId: string): Promise<number> {
  const found = await tx.sql.select({ id: promoLots.id, remainingIdr: promoLots.remainingIdr }).from(promoLots)
    .where(and(eq(promoLots.customerId, holderId), sql`${promoLots.remainingIdr} > 0`)).orderBy(promoLots.expiresAt, promoLots.id).for('update')
  await tx.sql.update(promoLots).set({ remainingIdr: 0 }).where(and(eq(promoLots.customerId, holderId), sql`${promoLots.remainingIdr} > 0`))
  return found.reduce((total, lot) => total + lot.remainingIdr, 0)
}
