import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { findPeople, isOut } from '../identity/index.ts'
import { notify } from '../notifications/index.ts'
import { announceStatus } from './announce.ts'
import { openIntervals } from './intervals.ts'
import { mirrorChanged } from './mirror.ts'

type Row = { user_id: string; stale: boolean; version: string }

/**
 * Puts mitras online as they have wished it before: at the edge of a schedule, at the end of a break. Nobody is seen by
 * that: who has not been heard of is stale, gets no sessions yet, and a push that asks them to open the app. Left as they
 * are: who is not approved, suspended, online already, or in a break.
 */
export async function putOnline(tx: Tx, mitraIds: readonly string[], because: 'schedule' | 'break'): Promise<void> {
  if (mitraIds.length === 0) return
  const people = await findPeople(tx.sql, mitraIds)
  const { rows: [time] } = await tx.sql.execute<{ now: string }>(sql`select app_now() as now`)
  const now = new Date(time!.now)
  const allowed = [...people.values()].filter((person) => !person.erasedAt && !isOut(person, now)).map((person) => person.id)
  const { rows } = await tx.sql.execute<Row>(sql`
    with before as materialized (
      select user_id, last_seen_at from mitras
      where user_id = any(${sql.param(allowed)}::uuid[]) and status = 'approved' and not wants_online and last_seen_at is not null
        and (break_until is null or break_until <= app_now())
      order by user_id for no key update)
    update mitras m set wants_online = true, stale = b.last_seen_at < app_now() - make_interval(secs => ${tx.settings.get('staleSeconds')}),
      offline_because = null, break_until = null, version = m.version + 1, updated_at = app_now()
    from before b where m.user_id = b.user_id
    returning m.user_id, m.stale, m.version`)
  if (rows.length === 0) return
  const ids = rows.map((row) => row.user_id)
  await tx.sql.execute(sql`update mitra_slots set idle_since = app_now() where mitra_id = any(${sql.param(ids)}::uuid[]) and used = 0`)
  const here = rows.filter((row) => !row.stale).map((row) => row.user_id)
  await openIntervals(tx, 'online', here.map((mitraId) => ({ mitraId })))
  await writeOutbox(tx, here.map((mitraId) => ({ topic: 'mitras.available', payload: { mitraId } })))
  await notify(tx, rows.filter((row) => row.stale).map((row) => ({
    userId: row.user_id, template: because === 'schedule' ? 'status.schedule_started' : 'status.break_over', dedupeKey: `online:${row.user_id}:${row.version}`,
    data: { onlineBecause: because },
  })))
  tx.afterCommit((outer) => {
    mirrorChanged(outer, ids)
    announceStatus(outer, ids)
  })
}
