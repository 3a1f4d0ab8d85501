import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findLastApproval, type Approval } from '../approvals/index.ts'
import { appendAudit } from '../audit/index.ts'
import { askCredit, giveCredit, takeDailyLimit, type StaffCredit } from '../promotions/index.ts'
import { askSecond } from './ask-second.ts'
import { auditOf, type By } from './by.ts'

export type GivenCredit = { credit: StaffCredit; approval?: Approval | undefined }

/**
 * Gives a customer credit: at once within what this member of staff may give alone today, else a second person is asked
 * for. The same key is answered as at first, also when that person has said no or the customer is banned since.
 */
export async function giveStaffCredit(ctx: Ctx, by: By, customerId: string, wish: { amountIdr: number; days?: number | undefined; reason: string }, requestKey: string): Promise<GivenCredit> {
  return transact(ctx, async (tx) => {
    const { isNew, ...credit } = await askCredit(tx, { ...wish, customerId, givenBy: by.staffId, requestKey })
    if (!isNew) return { credit, approval: await findLastApproval(tx.sql, 'credit.give', credit.id) }
    if (!(await takeDailyLimit(tx, credit))) {
      return { credit, approval: await askSecond(tx, by, { act: 'credit.give', targetType: 'credit', targetId: credit.id, amountIdr: credit.amountIdr, payload: { customerId }, reason: wish.reason }) }
    }
    const given = await giveCredit(tx, credit.id)
    await appendAudit(tx, { ...auditOf(by), act: 'credit.given', targetType: 'credit', targetId: credit.id, reason: wish.reason, details: { customerId, amountIdr: credit.amountIdr } })
    return { credit: given }
  })
}
