import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPaymentsOfSessions } from '../payments/index.ts'

/** Holds are scarce: after some that the customer let go unpaid, the next one waits. Throws `hold_cooldown` with Retry-After. */
export async function assertNoCooldown(ctx: Ctx, customerId: string): Promise<void> {
  const { rows } = await ctx.sql.execute<{ id: string; left: number }>(sql`
    select id, extract(epoch from ended_at - app_now())::float8 + ${ctx.settings.get('holdCooldownSeconds')} as left
    from chat_sessions
    where customer_id = ${customerId} and held_at is not null and paid_at is null
      and ended_at > app_now() - make_interval(secs => ${ctx.settings.get('holdCooldownWindowSeconds')})
      and (state = 'expired' or (state = 'cancelled' and ended_by = 'customer'))
    order by ended_at desc`)
  if (rows.length < ctx.settings.get('holdCooldownCount')) return
  // A payment that came while the hold was closing went to the wallet: that hold was not let go unpaid.
  const paid = new Set((await findPaymentsOfSessions(ctx.sql, rows.map((row) => row.id))).filter((payment) => payment.state === 'paid').map((payment) => payment.sessionId))
  const unpaid = rows.filter((row) => !paid.has(row.id))
  const left = unpaid[0]?.left ?? 0
  if (unpaid.length >= ctx.settings.get('holdCooldownCount') && left > 0) {
    throw new AppError('hold_cooldown', 'too many holds were let go unpaid', { retryAfterSeconds: Math.ceil(left) })
  }
}
