import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { announceStatus } from './announce.ts'
import { closeIntervals } from './intervals.ts'
import { mirrorChanged } from './mirror.ts'
import type { OfflineBecause } from './tables.ts'

/**
 * Takes mitras offline, as if they wished it: out of matching, offers and holds withdrawn through the outbox, running
 * sessions go on. `because` is null where they said so themselves. Answers whom it concerned: who is approved, and
 * (unless they said so themselves) was online or in a break; others are left.
 */
export async function putOffline(tx: Tx, mitraIds: readonly string[], because: OfflineBecause | null): Promise<Set<string>> {
  if (mitraIds.length === 0) return new Set()
  const { rows } = await tx.sql.execute<{ user_id: string; was_online: boolean; is_changed: boolean }>(sql`
    with before as materialized (
      select user_id, wants_online, offline_because from mitras
      where user_id = any(${sql.param([...mitraIds])}::uuid[]) and status = 'approved'
        and (${because}::text is null or wants_online or offline_because = 'break')
      order by user_id for no key update)
    update mitras m set wants_online = false, stale = false, break_until = null, offline_because = ${because},
      version = m.version + (b.wants_online or b.offline_because is distinct from ${because})::int, updated_at = app_now()
    from before b where m.user_id = b.user_id
    returning m.user_id, b.wants_online as was_online, b.wants_online or b.offline_because is distinct from ${because} as is_changed`)
  const left = rows.filter((row) => row.was_online).map((row) => row.user_id)
  await closeIntervals(tx, 'online', left.map((mitraId) => ({ mitraId })))
  await writeOutbox(tx, left.map((mitraId) => ({ topic: 'mitras.unavailable', payload: { mitraId } })))
  const changed = rows.filter((row) => row.is_changed).map((row) => row.user_id)
  if (changed.length > 0) tx.afterCommit((outer) => {
    mirrorChanged(outer, changed)
    announceStatus(outer, changed)
  })
  return new Set(rows.map((row) => row.user_id))
}

/** First of what is locked of a mitra: whoever accepts, or goes online, waits for this transaction. */
export async function holdMitra(tx: Tx, mitraId: string): Promise<void> {
  await tx.sql.execute(sql`select user_id from mitras where user_id = ${mitraId} for no key update`)
}
