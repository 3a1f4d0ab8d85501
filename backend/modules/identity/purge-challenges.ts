import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'

/** Longer than the longest limit that counts them. */
const KEPT_DAYS = 3

/** Removes one-time codes of days ago with the numbers they were sent to. Answers how many; fewer than `limit`: that was all. */
export async function purgeChallenges(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from otp_challenges where id = any(array(
      select id from otp_challenges where created_at < app_now() - make_interval(days => ${KEPT_DAYS}) order by id limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}
