import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { QueueName } from '../../platform/jobs.ts'
import { retryParkedRow } from '../../platform/outbox-state.ts'
import type { QueueBoard } from '../../platform/queue-board.ts'
import { appendAudit } from '../audit/index.ts'
import { auditOf, type By } from './by.ts'

/** Has work that was given up tried again, from its first try. Throws `not_found` where it is not given up (any more). */
export async function retryWork(ctx: Ctx, by: By, id: string, reason: string): Promise<void> {
  await transact(ctx, async (tx) => {
    const topic = await retryParkedRow(tx, id)
    if (topic === undefined) throw new AppError('not_found', 'This work is not given up (any more).')
    await appendAudit(tx, { ...auditOf(by), act: 'outbox.retried', targetType: 'outbox', targetId: id, reason, details: { topic } })
  })
}

/**
 * Puts a failed job back into its queue: audited before it is done, because Valkey knows no transaction of ours. Throws
 * `not_found` where it has not failed (any more), `not_ready` while Valkey is away.
 */
export async function retryJob(ctx: Ctx, board: QueueBoard, by: By, job: { queue: QueueName; id: string }, reason: string): Promise<void> {
  const gone = () => new AppError('not_found', 'This job has not failed (any more).')
  const found = await board.findJob(job.queue, job.id)
  if (!found) throw gone()
  await transact(ctx, (tx) => appendAudit(tx, { ...auditOf(by), act: 'job.retried', targetType: 'job', targetId: job.id, reason, details: { queue: job.queue, rowId: found.rowId } }))
  if (!(await board.retry(job.queue, job.id))) throw gone()
}
