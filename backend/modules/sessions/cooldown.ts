import { sql } from 'drizzle-orm'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'

/** Holds are scarce: after some that the customer let go unpaid, the next one waits. Throws `hold_cooldown` with Retry-After. */
export async function assertNoCooldown(ctx: Ctx, customerId: string): Promise<void> {
  const { rows } = await ctx.sql.execute<{ unpaid: number; left: number | null }>(sql`
    select count(*)::int as unpaid, extract(epoch from max(ended_at) - app_now())::float8 + ${ctx.settings.get('holdCooldownSeconds')} as left
    from chat_sessions
    where customer_id = ${customerId} and held_at is not null and paid_at is null
      and ended_at > app_now() - make_interval(secs => ${ctx.settings.get('holdCooldownWindowSeconds')})
      and (state = 'expired' or (state = 'cancelled' and ended_by = 'customer'))`)
  const { unpaid, left } = rows[0]!
  if (unpaid >= ctx.settings.get('holdCooldownCount') && left !== null && left > 0) {
    throw new AppError('hold_cooldown', 'too many holds were let go unpaid', { retryAfterSeconds: Math.ceil(left) })
  }
}
