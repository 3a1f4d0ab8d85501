import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { PRIORITIES } from './kinds.ts'
import { heldSeconds } from './project-limit.ts'

/** Counted no farther: behind an announcement there may be hundreds of thousands. */
const COUNTED_MOST = 10_000

/** Puts into the metrics what is due and not sent yet, by priority, for how long the oldest has been due, and for how long FCM wants less. */
export async function measurePushes(ctx: Ctx): Promise<void> {
  ctx.metrics.pushHeldSeconds.set(heldSeconds(ctx, 'normal'))
  const { rows } = await ctx.sql.execute<{ priority: number; waiting: number; oldest: number }>(sql`
    select p.priority, count(due.due_at)::float8 as waiting, coalesce(extract(epoch from app_now() - min(due.due_at)), 0)::float8 as oldest
    from generate_series(0, ${PRIORITIES.length - 1}::integer) p(priority)
    left join lateral (
      select due_at from pushes where state = 'queued' and priority = p.priority and due_at <= app_now() order by due_at limit ${COUNTED_MOST}) due on true
    group by 1`)
  for (const { priority, waiting, oldest } of rows) {
    const labels = { priority: PRIORITIES[priority]! }
    ctx.metrics.pushesWaiting.set(labels, waiting)
    ctx.metrics.pushOldestSeconds.set(labels, oldest)
  }
}
