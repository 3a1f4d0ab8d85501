import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { KEPT_DAYS } from './kept-days.ts'
import type { LetterChannel } from './letter-rules.ts'

const CHALLENGES_KEPT_DAYS = 3

/**
 * Drops letters whose life ended while staff had their channel closed (nobody else looks at those), and removes what was
 * settled long ago. Answers how many of the one or the other; fewer than `limit`: that was all.
 */
export async function purgeLetters(ctx: Ctx, limit: number): Promise<number> {
  return Math.max(await dropExpired(ctx, limit), await removeSettled(ctx, limit))
}

async function dropExpired(ctx: Ctx, limit: number): Promise<number> {
  const { rows } = await ctx.sql.execute<{ channel: LetterChannel }>(sql`
    update letters set state = 'dropped', reason = 'expired', settled_at = app_now(), claimed_until = null, text = '', to_encrypted = null
    where id = any(array(
      select id from letters where state = 'queued' and expires_at <= app_now() and (claimed_until is null or claimed_until <= app_now())
      limit ${limit} for update skip locked))
    returning channel`)
  for (const { channel } of rows) ctx.metrics.letters.inc({ channel, result: 'expired' })
  return rows.length
}

async function removeSettled(ctx: Ctx, limit: number): Promise<number> {
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
