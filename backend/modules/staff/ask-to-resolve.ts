import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Approval } from '../approvals/index.ts'
import { assertPayerHasWallet, findSuspense } from '../payments/index.ts'
import { askSecond } from './ask-second.ts'
import type { By } from './by.ts'

/** Asks for a second person to place suspended money: nobody does that alone. */
export async function askToResolve(ctx: Ctx, by: By, suspenseId: string, wanted: { to: 'wallet' | 'refund' | 'revenue'; reason: string }): Promise<Approval> {
  return transact(ctx, async (tx) => {
    const item = await findSuspense(tx.sql, suspenseId)
    if (!item) throw new AppError('not_found', 'no money is suspended under this id')
    if (item.state === 'resolved') throw new AppError('conflict', 'This money is placed already.')
    if (wanted.to === 'refund' && item.paymentId === null) throw new AppError('conflict', 'No payment is known that this money could go back by.')
    if (wanted.to === 'wallet') await assertPayerHasWallet(tx, item)
    return askSecond(tx, by, {
      act: 'suspense.resolve', targetType: 'suspense', targetId: suspenseId, amountIdr: item.amountIdr, payload: { to: wanted.to }, reason: wanted.reason,
    })
  })
}
