import { z } from 'zod'
import { reaction, type Reaction } from '../../platform/outbox.ts'
import { GIVE_BACK, giveBack } from './give-back.ts'

/** What promotions does because of a commit. */
export const promotionReactions: readonly Reaction[] = [
  reaction({ topic: GIVE_BACK, payload: z.object({ useId: z.uuid() }), run: (ctx, { useId }) => giveBack(ctx, useId) }),
]
