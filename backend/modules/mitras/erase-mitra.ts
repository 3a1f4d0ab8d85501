import { eq, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { appendAudit } from '../audit/index.ts'
import { announceStatus } from './announce.ts'
import { eraseBankAccounts, replaceBankAccount } from './bank-account.ts'
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

/**
 * The number of a mitra may have a new owner, whom nobody has looked at: what made the old one a mitra is not theirs.
 * Approved or applied before, they serve no more until staff have looked; bank accounts stay with the payouts alone.
 */
export async function retireMitra(tx: Tx, mitraId: string): Promise<void> {
  const { rows: [retired] } = await tx.sql.execute<{ was: string }>(sql`
    with before as (select user_id, status from mitras where user_id = ${mitraId} for no key update)
    update mitras m set wants_online = false, stale = false, bio = '', topics = '{}', languages = '{id}', gender = null, version = m.version + 1, updated_at = app_now(),
      status = case when b.status in ('approved', 'deactivated') then 'deactivated' else 'draft' end,
      status_reason = case when b.status in ('approved', 'deactivated') then 'account_idle' end,
      deactivated_at = case when b.status = 'approved' then app_now() else m.deactivated_at end
    from before b where m.user_id = b.user_id returning b.status as was`)
  await replaceBankAccount(tx, mitraId)
  if (!retired) return
  await closeIntervals(tx, 'online', [{ mitraId }])
  await writeOutbox(tx, [{ topic: 'mitras.unavailable', payload: { mitraId } }])
  tx.afterCommit((outer) => {
    mirrorChanged(outer, [mitraId])
    announceStatus(outer, [mitraId])
  })
  if (retired.was === 'approved') await appendAudit(tx, { actorKind: 'system', act: 'mitra.deactivated', targetType: 'mitra', targetId: mitraId, reason: 'account_idle', details: { to: 'deactivated' } })
}
