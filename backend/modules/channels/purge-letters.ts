import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { KEPT_DAYS } from './kept-days.ts'

const CHALLENGES_KEPT_DAYS = 3

/** Removes letters that were settled long ago. Answers how many; fewer than `limit`: that was all. */
export async function purgeLetters(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from letters where id = any(array(
      select id from letters where state <> 'queued' and settled_at < app_now() - make_interval(days => ${KEPT_DAYS})
      order by settled_at limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}

/** Removes challenges that no limit counts any more. */
export async function purgeEmailChallenges(ctx: Ctx, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    delete from email_challenges where id = any(array(
      select id from email_challenges where created_at < app_now() - make_interval(days => ${CHALLENGES_KEPT_DAYS})
      order by created_at limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}
