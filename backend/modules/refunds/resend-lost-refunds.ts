import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { resendLost } from '../../platform/resend-lost.ts'
import { SEND_REFUND } from './approve-refund.ts'
import { refunds } from './tables.ts'

/** Approved refunds that nobody sends any more, see `resendLost`. Answers how many; fewer than `limit`: that was all. */
export function resendLostRefunds(ctx: Ctx, limit: number): Promise<number> {
  return resendLost(ctx, { table: sql`${refunds}`, topic: SEND_REFUND, key: 'refundId', waits: sql`state = 'approved' and method = 'provider'` }, limit)
}
