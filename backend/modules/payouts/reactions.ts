import { z } from 'zod'
import { reaction, type Reaction } from '../../platform/outbox.ts'
import { SEND_PAYOUT_TOPIC } from './decide-batch.ts'
import { sendPayout } from './send-payout.ts'

export const payoutReactions: readonly Reaction[] = [reaction({
  topic: SEND_PAYOUT_TOPIC,
  payload: z.object({ payoutId: z.uuid() }),
  run: (ctx, { payoutId }) => sendPayout(ctx, payoutId),
})]
