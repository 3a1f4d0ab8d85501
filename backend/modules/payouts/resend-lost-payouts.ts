import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { resendLost } from '../../platform/resend-lost.ts'
import { SEND_PAYOUT_TOPIC } from './decide-batch.ts'
import { payouts } from './tables.ts'

/** Approved payouts that nobody sends any more, see `resendLost`. Answers how many; fewer than `limit`: that was all. */
export function resendLostPayouts(ctx: Ctx, limit: number): Promise<number> {
  const waits = sql`(state = 'approved' or (state = 'sent' and provider_payout_id is null))`
  return resendLost(ctx, { table: sql`${payouts}`, topic: SEND_PAYOUT_TOPIC, key: 'payoutId', waits }, limit)
}
