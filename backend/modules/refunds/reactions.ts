import { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { reaction, writeOutbox, type Reaction } from '../../platform/outbox.ts'
import { SEND_REFUND } from './approve-refund.ts'
import { sendRefund } from './send-refund.ts'

const MOST_SECONDS = 300
/** Nobody has tried yet, because payments are off or there were no calls left. */
const NO_TURN_SECONDS = 30

/** Sends what was approved. */
export const refundReactions: readonly Reaction[] = [reaction({
  topic: SEND_REFUND,
  payload: z.object({ refundId: z.uuid() }),
  async run(ctx, { refundId }) {
    const refund = await sendRefund(ctx, refundId)
    if (refund?.state === 'approved' && refund.method === 'provider') await tryLater(ctx, refundId, refund.sendFailures)
  },
})]

// Not by failing: that a provider is away is no fault of the reaction, and it must not use up the row's attempts.
// By failures and not by tries: who only looks for what an earlier try made adds none.
async function tryLater(ctx: Ctx, refundId: string, failures: number): Promise<void> {
  const dueInSeconds = failures === 0 ? NO_TURN_SECONDS : Math.min(2 ** Math.min(failures, 9), MOST_SECONDS)
  await transact(ctx, (tx) => writeOutbox(tx, [{ topic: SEND_REFUND, payload: { refundId }, dueInSeconds }]))
}
