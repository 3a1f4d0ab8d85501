import { eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { announceStatus } from './announce.ts'
import { eraseBankAccounts } from './bank-account.ts'
import { closeIntervals } from './intervals.ts'
import { mirrorChanged } from './mirror.ts'
import { mitras } from './tables.ts'

/** Whatever their status was: they serve no more, from this transaction on, and their bank accounts are nobody's. Nobody without an application: nothing. */
export async function eraseMitra(tx: Tx, mitraId: string): Promise<void> {
  const [erased] = await tx.sql.update(mitras)
    .set({ status: 'deactivated', wantsOnline: false, stale: false, deactivatedAt: sql`coalesce(deactivated_at, app_now())`, version: sql`${mitras.version} + 1`, updatedAt: sql`app_now()` })
    .where(eq(mitras.userId, mitraId)).returning({ id: mitras.userId })
  await eraseBankAccounts(tx, mitraId)
  if (!erased) return
  await closeIntervals(tx, 'online', [{ mitraId }])
  await writeOutbox(tx, [{ topic: 'mitras.unavailable', payload: { mitraId } }])
  tx.afterCommit((outer) => {
    mirrorChanged(outer, [mitraId])
    announceStatus(outer, [mitraId])
  })
}
