import type { Tx } from '../../platform/ctx.ts'
import { account } from './accounts.ts'
import { lockBalance } from './lock-balance.ts'
import { post } from './post.ts'
import { emptyLots } from './release-wallet.ts'

/**
 * Empties the wallet of a customer who is erased: money into what `suspend` opens, for staff to place; credit ends. The
 * caller has locked the customer. Answers what there was, in rupiah.
 */
export async function emptyWallet(tx: Tx, customerId: string, suspend: (amountIdr: number) => Promise<{ account: string }>): Promise<{ walletIdr: number; promoIdr: number }> {
  const promoIdr = await emptyLots(tx, customerId)
  const walletIdr = await lockBalance(tx, account.wallet(customerId))
  const into = walletIdr === 0 ? account.wallet(customerId) : (await suspend(walletIdr)).account
  await post(tx, {
    key: `wallet:${customerId}:erased`, flow: 'wallet.erased',
    entries: [
      { account: account.promo(customerId), amountIdr: -promoIdr }, { account: account.promotions, amountIdr: promoIdr },
      { account: account.wallet(customerId), amountIdr: -walletIdr }, { account: into, amountIdr: walletIdr },
    ],
  })
  return { walletIdr, promoIdr }
}
