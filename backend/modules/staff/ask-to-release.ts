import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Approval } from '../approvals/index.ts'
import { findWalletHold } from '../ledger/index.ts'
import { askSecond } from './ask-second.ts'
import type { By } from './by.ts'

/** Asks for a second person to place what the wallet of a recycled number held. Throws `not_found`, `conflict` where it is placed already. */
export async function askToRelease(ctx: Ctx, by: By, holdId: string, wanted: { to: 'owner' | 'suspense'; reason: string }): Promise<Approval> {
  return transact(ctx, async (tx) => {
    const hold = await findWalletHold(tx.sql, holdId)
    if (!hold) throw new AppError('not_found', 'no wallet is held under this id')
    if (hold.state !== 'held') throw new AppError('conflict', 'This wallet is placed already.')
    return askSecond(tx, by, {
      act: 'wallet.release', targetType: 'wallet_hold', targetId: holdId, amountIdr: hold.walletIdr + hold.promoIdr + hold.earningsIdr, payload: { to: wanted.to }, reason: wanted.reason,
    })
  })
}
