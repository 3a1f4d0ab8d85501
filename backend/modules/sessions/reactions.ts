import { z } from 'zod'
import { reaction, type Reaction } from '../../platform/outbox.ts'
import { paymentReactions } from '../payments/index.ts'
import { endInvoice, finishClosing } from './close-hold.ts'
import { tellInvoice } from './make-invoice.ts'
import { signalMatching } from './matching-signal.ts'
import { CLOSE_HOLD, END_INVOICE } from './topics.ts'
import { withdrawUnavailable } from './withdraw-mitra.ts'

const mitraPayload = z.object({ mitraId: z.uuid() })

/** What sessions does because of a commit, its own or a lower module's. */
export const sessionReactions: readonly Reaction[] = [
  reaction({ topic: CLOSE_HOLD, payload: z.object({ sessionId: z.uuid() }), run: (ctx, { sessionId }) => finishClosing(ctx, sessionId) }),
  reaction({ topic: END_INVOICE, payload: z.object({ paymentId: z.uuid() }), run: (ctx, { paymentId }) => endInvoice(ctx, paymentId) }),
  ...paymentReactions({ created: tellInvoice }),
  reaction({ topic: 'mitras.available', payload: mitraPayload, run: async (ctx) => signalMatching(ctx) }),
  reaction({ topic: 'mitras.unavailable', payload: mitraPayload, run: (ctx, { mitraId }) => withdrawUnavailable(ctx, mitraId) }),
]
