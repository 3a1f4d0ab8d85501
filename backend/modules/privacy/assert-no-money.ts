import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { account, findPayable, findWallet, sumAccounts } from '../ledger/index.ts'
import { hasOpenPayout } from '../payouts/index.ts'
import type { OpenSession } from '../sessions/index.ts'

/** What is a person's must not be lost with them unless they say so; what an open session holds comes back to them. Throws `conflict`. */
export async function assertNoMoney(tx: Tx, person: { id: string; kind: 'customer' | 'mitra'; forfeit: boolean }, open: readonly OpenSession[] = []): Promise<void> {
  if (person.kind === 'mitra') {
    if (await hasOpenPayout(tx.sql, person.id)) throw new AppError('conflict', 'A payout is on its way: it has to arrive first.')
    if (await findPayable(tx.sql, person.id) > 0) throw new AppError('conflict', 'Earnings are to be paid out first.')
    return
  }
  if (person.forfeit) return
  const { balanceIdr, promoIdr } = await findWallet(tx.sql, person.id)
  const escrows = await sumAccounts(tx.sql, open.map(({ id }) => account.escrow(id)))
  if (balanceIdr + promoIdr > 0 || [...escrows.values()].some((idr) => idr > 0)) throw new AppError('conflict', 'There is money or credit in the wallet: have it refunded first, or give it up with `forfeit`.')
}
