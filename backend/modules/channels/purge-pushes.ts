import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { KEPT_DAYS } from './kept-days.ts'

/** Removes pushes that were settled long ago. Answers how many; fewer than `limit`: that was all. */
export async function purgePushes(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from pushes where id = any(array(
      select id from pushes where state <> 'queued' and settled_at < app_now() - make_interval(days => ${KEPT_DAYS})
      order by settled_at limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}
