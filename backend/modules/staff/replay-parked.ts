import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { findInboxEvent, replayInboxEvent } from '../payments/index.ts'
import { auditOf, type By } from './by.ts'

/** Has a parked event of a provider judged once more. Throws `not_found`, and `conflict` where it is not parked (any more). */
export async function replayParked(ctx: Ctx, by: By, id: string, reason: string | undefined): Promise<void> {
  await transact(ctx, async (tx) => {
    if (!(await replayInboxEvent(tx, id))) {
      const event = await findInboxEvent(tx.sql, id)
      throw event ? new AppError('conflict', `The event is ${event.state}: nothing of it is parked.`) : new AppError('not_found', 'no such event')
    }
    await appendAudit(tx, { ...auditOf(by), act: 'inbox_event.replayed', targetType: 'inbox_event', targetId: id, reason })
  })
}
