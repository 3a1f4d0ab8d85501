import { sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { announceStatus } from './announce.ts'
import { openIntervals } from './intervals.ts'
import { mirrorChanged, mirrorHeartbeats } from './mirror.ts'

const FLUSH_MS = 1000
/** Rows in one UPDATE: after an outage everybody waits at once. */
const BATCH = 5000

export type Liveness = {
  /** A sign of life (any authenticated frame or request of the mitra). Costs a Map entry; never waits. */
  seen(mitraId: string): void
  /** Writes what is due now; answers how many rows. Runs by itself every second. */
  flush(): Promise<number>
  /** Writes everything that was seen and stops. */
  stop(): Promise<void>
}

/**
 * Signs of life, coalesced: one multi-row UPDATE a second, a mitra at most every `livenessWriteSeconds`. What waits is
 * written with the time at which it was seen: the database's clock less the age, so that no process clock decides.
 */
export function createLiveness(ctx: Ctx): Liveness {
  const waiting = new Map<string, number>()
  const writtenAt = new Map<string, number>()
  let last: Promise<number> = Promise.resolve(0)

  const takeDue = (everything: boolean) => {
    const leastMs = ctx.settings.get('livenessWriteSeconds') * 1000
    const now = performance.now()
    for (const [mitraId, at] of writtenAt) if (now - at >= leastMs) writtenAt.delete(mitraId)
    const due = [...waiting].filter(([mitraId]) => everything || !writtenAt.has(mitraId))
    for (const [mitraId] of due) waiting.delete(mitraId)
    return due
  }

  const write = async (everything: boolean) => {
    const due = takeDue(everything)
    let written = 0
    while (due.length > 0) {
      const some = due.slice(0, BATCH)
      const startedAt = performance.now()
      try {
        written += await transact(ctx, (tx) => recordSeen(tx, some.map(([mitraId, at]) => ({ mitraId, agoMs: performance.now() - at }))))
      } catch (error) {
        // Not written, so it is due again; a newer sign of life that came meanwhile counts.
        for (const [mitraId, at] of due) waiting.set(mitraId, Math.max(at, waiting.get(mitraId) ?? at))
        throw error
      }
      due.splice(0, some.length)
      for (const [mitraId] of some) writtenAt.set(mitraId, startedAt)
    }
    return written
  }

  // One write at a time: two would put the same sign of life back when both fail.
  const flush = (everything = false): Promise<number> => {
    const next = last.then(() => write(everything))
    last = next.catch(() => 0)
    return next
  }
  let isFlushing = false
  const timer = setInterval(() => {
    if (isFlushing) return
    isFlushing = true
    flush()
      .catch((error: unknown) => ctx.log.warn({ err: error }, 'signs of life could not be written'))
      .finally(() => {
        isFlushing = false
      })
  }, FLUSH_MS).unref()

  return {
    seen: (mitraId) => void waiting.set(mitraId, performance.now()),
    flush: () => flush(),
    async stop() {
      clearInterval(timer)
      await flush(true).catch((error: unknown) => ctx.log.warn({ err: error }, 'signs of life could not be written'))
    },
  }
}

type Seen = { mitraId: string; agoMs: number }
type SeenRow = { user_id: string; seen_at: string; was_stale: boolean; is_online: boolean }

// Rows are locked in the order of their ids: another replica writes the same mitras at the same moment.
async function recordSeen(tx: Tx, seen: readonly Seen[]): Promise<number> {
  const list = JSON.stringify(seen.map((one) => ({ id: one.mitraId, ago: one.agoMs / 1000 })))
  const { rows } = await tx.sql.execute<SeenRow>(sql`
    with locked as (
      select m.user_id, m.stale, date_trunc('milliseconds', app_now() - make_interval(secs => s.ago)) as seen_at
      from mitras m join jsonb_to_recordset(${list}::jsonb) as s(id uuid, ago double precision) on s.id = m.user_id
      order by m.user_id for no key update of m)
    update mitras m set last_seen_at = greatest(coalesce(m.last_seen_at, l.seen_at), l.seen_at), stale = false,
      version = m.version + l.stale::int, updated_at = case when l.stale then app_now() else m.updated_at end
    from locked l where m.user_id = l.user_id
    returning m.user_id, l.seen_at, l.stale as was_stale, m.wants_online as is_online`)
  const back = rows.filter((row) => row.was_stale)
  await openIntervals(tx, 'online', back.map((row) => ({ mitraId: row.user_id, at: new Date(row.seen_at) })))
  await writeOutbox(tx, back.map((row) => ({ topic: 'mitras.available', payload: { mitraId: row.user_id } })))
  tx.afterCommit((ctx) => {
    mirrorHeartbeats(ctx, rows.filter((row) => row.is_online).map((row) => ({ mitraId: row.user_id, at: new Date(row.seen_at) })))
    mirrorChanged(ctx, back.map((row) => row.user_id))
    announceStatus(ctx, back.map((row) => row.user_id))
  })
  return rows.length
}
