import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { LetterChannel } from './letter-rules.ts'

/** A condition: letters of a channel whose life is over, and that nobody is sending. */
function isExpired(channel: LetterChannel): SQL {
  return sql`state = 'queued' and channel = ${channel} and expires_at <= app_now() and (claimed_until is null or claimed_until <= app_now())`
}

/** Whether there is anything for `expireLetters`. */
export function areLettersExpired(channel: LetterChannel): SQL {
  return sql`(select true from letters where ${isExpired(channel)} order by expires_at limit 1)`
}

/** Drops and counts letters whose life ended while staff have their channel closed: nobody claims those. Answers how many. */
export async function expireLetters(ctx: Ctx, channel: LetterChannel, limit: number): Promise<number> {
  const { rowCount } = await ctx.sql.execute(sql`
    update letters set state = 'dropped', reason = 'expired', settled_at = app_now(), claimed_until = null, text = '', to_encrypted = null
    where id = any(array(select id from letters where ${isExpired(channel)} order by expires_at limit ${limit} for update skip locked))`)
  const count = rowCount ?? 0
  if (count > 0) ctx.metrics.letters.inc({ channel, result: 'expired' }, count)
  return count
}
