import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'

const KEPT_DAYS = 30

/** Removes events that were applied long ago; parked ones stay for staff. Answers how many; fewer than `limit`: that was all. */
export async function purgeInbox(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from provider_inbox where id = any(array(
      select id from provider_inbox where state = 'applied' and settled_at < app_now() - make_interval(days => ${KEPT_DAYS})
      order by id limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}
