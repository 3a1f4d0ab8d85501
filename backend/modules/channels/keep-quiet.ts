import { sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { findReach } from './find-reach.ts'
import { LANES, queueOfLane } from './lanes.ts'
import type { DuePush, PushVerdict } from './push-hooks.ts'
import { releaseLetters } from './queue-letters.ts'
import { quietUntil } from './quiet-hours.ts'

const REASON = 'quiet_hours'

/**
 * Right before their call: what is not critical waits for the end of its person's quiet hours, as they are now. It counts as no try.
 * What leaves shortly before them is not kept beyond their start for a phone that is off: it would ring in the middle of them.
 */
export async function keepQuiet(ctx: Ctx, pushes: readonly DuePush[]): Promise<ReadonlyMap<string, PushVerdict>> {
  const patient = pushes.filter((push) => !push.isCritical)
  const reaches = await findReach(ctx.sql, patient.map((push) => push.userId))
  const nowMs = ctx.clock.nowMs()
  return new Map(patient.flatMap((push): [string, PushVerdict][] => {
    const reach = reaches.get(push.userId)
    if (!reach?.quiet) return []
    const { from, to } = reach.quiet
    const untilMs = quietUntil(nowMs, reach.timeZone, { from, to })
    if (untilMs !== undefined) return [[push.id, { holdSeconds: (untilMs - nowMs) / 1000, reason: REASON }]]
    const startMs = quietUntil(nowMs, reach.timeZone, { from: to, to: from })
    return startMs === undefined ? [] : [[push.id, { keepSeconds: (startMs - nowMs) / 1000 }]]
  }))
}

/**
 * Somebody's quiet hours are others now: what waits for their end is asked about anew at once. So is what a worker has
 * claimed and not called for yet, since it may have read the hours before: its claim is taken away.
 */
export async function releaseHeld(tx: Tx, userId: string): Promise<void> {
  const { rows } = await tx.sql.execute<{ id: string; priority: number }>(sql`
    update pushes set due_at = least(due_at, app_now()), claimed_until = null, attempts = attempts + case when claimed_until is null then 0 else 1 end
    where id = any(array(
      select id from pushes where user_id = ${userId} and state = 'queued' and case when claimed_until is null then reason = ${REASON} else not critical and sent_at is null end
      order by id for update))
    returning id, priority`)
  const first = new Map(rows.map((row) => [row.priority, row.id]))
  tx.afterCommit((ctx) => {
    for (const [priority, id] of first) ctx.enqueue(queueOfLane(LANES[Math.min(Math.max(priority, 0), LANES.length - 1)]!), id)
  })
  await releaseLetters(tx, userId)
}
