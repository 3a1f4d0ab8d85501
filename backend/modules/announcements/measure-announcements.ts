import { eq, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { countPushesOf } from '../channels/index.ts'
import { announcements } from './tables.ts'

/** An announcement that tells nobody at the moment, or nobody any more, is counted again this often, and for so long. */
const AGAIN_SECONDS = 300
const FOLLOWED_DAYS = 7
// Of a paused one: nothing of its row changes but by an act of staff, and its pause was the last.
const restsSince = sql`coalesce(ended_at, updated_at)`

/**
 * Counts what has become of the pushes of announcements that are under way, paused or ended lately: a page that asks
 * reads the last count, and it outlives the pushes.
 */
export async function measureAnnouncements(ctx: Ctx): Promise<void> {
  const { rows } = await ctx.sql.execute<{ id: string }>(sql`
    select id from announcements
    where started_at is not null and (figures_at is null or state = 'running'
      or (${restsSince} > app_now() - make_interval(days => ${FOLLOWED_DAYS}) and (figures_at <= ${restsSince} or figures_at < app_now() - make_interval(secs => ${AGAIN_SECONDS}))))
    order by figures_at nulls first limit 20`)
  // One after the other: a count over a million pushes at a time is enough.
  for (const { id } of rows) {
    const counted = await countPushesOf(ctx.sql, id)
    await ctx.sql.update(announcements).set({ figures: counted, figuresAt: sql`app_now()` }).where(eq(announcements.id, id))
  }
}
