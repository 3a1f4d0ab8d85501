import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'

/** Removes push tokens that no app has named for long: Google forgets them by itself, Apple never. Answers how many; fewer than `limit`: that was all. */
export async function purgeDevices(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from devices where id = any(array(
      select id from devices where last_seen_at < app_now() - make_interval(secs => ${ctx.settings.get('deviceSeconds')})
      order by last_seen_at limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}
