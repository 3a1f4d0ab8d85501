import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { appendAudit } from '../audit/index.ts'
import { askForReconciliation, type Reconciliation } from '../reconciliation/index.ts'
import { auditOf, type By } from './by.ts'

/** Begins a comparison of the last hours with the provider's list. */
export async function askToReconcile(ctx: Ctx, by: By, { hours, reason }: { hours: number; reason?: string | undefined }): Promise<Reconciliation> {
  return transact(ctx, async (tx) => {
    const run = await askForReconciliation(tx, { seconds: hours * 3600, askedBy: by.staffId })
    await appendAudit(tx, { ...auditOf(by), act: 'reconciliation.started', targetType: 'reconciliation', targetId: run.id, reason, details: { hours } })
    return run
  })
}
