import { sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { assertNotOut, findPeople } from '../identity/index.ts'
import { announceStatus } from './announce.ts'
import type { StatusView } from './contract.ts'
import { openIntervals } from './intervals.ts'
import { mirrorChanged, mirrorSettled } from './mirror.ts'
import { putOffline } from './put-offline.ts'
import { findStatuses } from './queries.ts'
import type { Gender } from './tables.ts'

/**
 * The mitra's wish to be online or not. Going online counts as being seen, in the same transaction; going offline takes
 * the mitra out of matching and withdraws offers (outbox), running sessions go on. Throws `mitra_not_approved`.
 */
export async function setOnline(ctx: Ctx, mitraId: string, online: boolean): Promise<StatusView> {
  const gender = online ? ((await findPeople(ctx.sql, [mitraId])).get(mitraId)?.gender ?? null) : null
  const status = await transact(ctx, async (tx) => {
    if (!(online ? await goOnline(tx, mitraId, gender) : (await putOffline(tx, [mitraId], null)).has(mitraId))) throw new AppError('mitra_not_approved')
    // Only now: a sanction that was being given held this mitra, and a token may not have heard of it yet.
    if (online) await assertNotOut(tx.sql, mitraId)
    return (await findStatuses(tx.sql, [mitraId])).get(mitraId)!
  })
  // Whoever reads the mirror after this answer finds it there; without Valkey there is nothing to wait for.
  await mirrorSettled(ctx)
  return status
}

/** The status as it is. Throws `mitra_not_approved` for who may not serve. */
export async function getStatus(ctx: Ctx, mitraId: string): Promise<StatusView> {
  const status = (await findStatuses(ctx.sql, [mitraId])).get(mitraId)
  if (status?.status !== 'approved') throw new AppError('mitra_not_approved')
  return status
}

type Before = { was_online: boolean; was_stale: boolean }

// The state guard and what was before it come from one statement; false: not approved.
async function goOnline(tx: Tx, mitraId: string, gender: Gender | null): Promise<boolean> {
  const { rows } = await tx.sql.execute<Before & { seen_at: string }>(sql`
    with before as (select user_id, wants_online, stale from mitras where user_id = ${mitraId} and status = 'approved' for no key update)
    update mitras m set wants_online = true, stale = false, last_seen_at = greatest(m.last_seen_at, app_now()), gender = ${gender}, offline_because = null, break_until = null,
      version = m.version + (not b.wants_online or b.stale)::int, updated_at = app_now()
    from before b where m.user_id = b.user_id
    returning b.wants_online as was_online, b.stale as was_stale, m.last_seen_at as seen_at`)
  const [before] = rows
  if (!before) return false
  if (before.was_online && !before.was_stale) return true
  if (!before.was_online) await tx.sql.execute(sql`update mitra_slots set idle_since = app_now() where mitra_id = ${mitraId} and used = 0`)
  await openIntervals(tx, 'online', [{ mitraId, at: new Date(before.seen_at) }])
  await writeOutbox(tx, [{ topic: 'mitras.available', payload: { mitraId } }])
  tx.afterCommit((outer) => {
    mirrorChanged(outer, [mitraId])
    announceStatus(outer, [mitraId])
  })
  return true
}
