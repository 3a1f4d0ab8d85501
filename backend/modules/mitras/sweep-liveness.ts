import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { announceStatus } from './announce.ts'
import { closeIntervals } from './intervals.ts'
import { mirrorChanged } from './mirror.ts'

/** A gap longer than this many sweeps (and at least 3 s) interrupts: signs of life may have been lost in it. */
const SWEEPS_MISSED = 3
const GAP_LEAST_SECONDS = 3
/** So many at once; the others are found by the next sweep. A statement of any size would one day meet its time-out. */
const BATCH = 1000

export type LivenessSweep = {
  /** False while another replica sweeps: the sweep is the system's, theirs counts. */
  isOurs: boolean
  /** False while the system recovers. */
  judged: boolean
  /** Mitras that are stale since this sweep. */
  staleIds: string[]
}

/**
 * Takes mitras who were not seen for `staleSeconds` out of new matches; their wish, holds and offers stay. Judges only
 * after `recoverySweepSeconds` of uninterrupted sweeping by whichever replica, and adds the gap since the last completed
 * sweep to the deadline: while nobody swept, perhaps nobody could be seen either.
 */
export async function sweepLiveness(ctx: Ctx): Promise<LivenessSweep> {
  const recoverySeconds = ctx.settings.get('recoverySweepSeconds')
  const interruptedSeconds = Math.max(GAP_LEAST_SECONDS, (SWEEPS_MISSED * ctx.settings.get('sweepMs')) / 1000)
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<{ gap: number; since: string; judges: boolean }>(sql`
      with last as (
        select coalesce(greatest(0, extract(epoch from app_now() - last_completed_at)), ${interruptedSeconds} + 1)::float8 as gap, uninterrupted_since
        from liveness_sweep for update skip locked)
      select gap, since, since + make_interval(secs => ${recoverySeconds}) <= app_now() and gap <= ${interruptedSeconds} as judges
      from (select gap, case when gap <= ${interruptedSeconds} then coalesce(uninterrupted_since, app_now()) else app_now() end as since from last) as l`)
    const [sweep] = rows
    if (!sweep) return { isOurs: false, judged: false, staleIds: [] }
    const stale = sweep.judges ? await markStale(tx.sql, ctx.settings.get('staleSeconds') + sweep.gap) : []
    await closeIntervals(tx, 'online', stale)
    await tx.sql.execute(sql`
      update liveness_sweep set last_completed_at = app_now(), uninterrupted_since = ${sweep.since}::timestamptz,
        judges_from = ${sweep.since}::timestamptz + make_interval(secs => ${recoverySeconds})`)
    const staleIds = stale.map((row) => row.mitraId)
    if (staleIds.length > 0) tx.afterCommit((outer) => {
      mirrorChanged(outer, staleIds)
      announceStatus(outer, staleIds)
    })
    return { isOurs: true, judged: sweep.judges, staleIds }
  })
}

// SKIP LOCKED: who is being written right now is being seen, or judged by the next sweep. The mitra was there until last seen.
async function markStale(handle: Queryable, unseenSeconds: number): Promise<{ mitraId: string; at: Date }[]> {
  const { rows } = await handle.execute<{ user_id: string; last_seen_at: string }>(sql`
    with unseen as materialized (
      select user_id from mitras
      where wants_online and not stale and last_seen_at < app_now() - make_interval(secs => ${unseenSeconds})
      order by user_id limit ${BATCH} for no key update skip locked)
    update mitras m set stale = true, version = m.version + 1, updated_at = app_now()
    from unseen u where m.user_id = u.user_id
    returning m.user_id, m.last_seen_at`)
  return rows.map((row) => ({ mitraId: row.user_id, at: new Date(row.last_seen_at) }))
}

/**
 * Those of the given mitras who were not seen for `seconds`, with the time they were last seen. The gap since the last
 * completed sweep is added; while the system recovers, and before it ever swept, nobody is unseen.
 */
export async function findUnseen(handle: Queryable, which: { mitraIds: readonly string[]; seconds: number }): Promise<Map<string, Date>> {
  if (which.mitraIds.length === 0) return new Map()
  const { rows } = await handle.execute<{ user_id: string; last_seen_at: string }>(sql`
    select m.user_id, m.last_seen_at
    from mitras m, liveness_sweep s
    where m.user_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(which.mitraIds)}::jsonb))
      and s.judges_from <= app_now()
      and m.last_seen_at < app_now() - make_interval(secs => ${which.seconds}) - greatest(interval '0', app_now() - s.last_completed_at)`)
  return new Map(rows.map((row) => [row.user_id, new Date(row.last_seen_at)]))
}

/** When each of these mitras was last seen; who never was is left out. Written at most every `livenessWriteSeconds`. */
export async function findLastSeen(handle: Queryable, mitraIds: readonly string[]): Promise<Map<string, Date>> {
  if (mitraIds.length === 0) return new Map()
  const { rows } = await handle.execute<{ user_id: string; last_seen_at: string }>(sql`
    select user_id, last_seen_at from mitras
    where last_seen_at is not null and user_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(which(mitraIds))}::jsonb))`)
  return new Map(rows.map((row) => [row.user_id, new Date(row.last_seen_at)]))
}

const which = (ids: readonly string[]) => [...new Set(ids)]
