import { z } from 'zod'
import { transact } from '../../platform/database.ts'
import { reaction, type Reaction } from '../../platform/outbox.ts'
import { IDENTITY_TOPICS } from '../identity/index.ts'
import { followPerson } from './schedule-notices.ts'
import { tellSecurity } from './tell-security.ts'

const event = z.object({ userId: z.uuid(), eventId: z.uuid() })
const ofSignIn = z.object({ userId: z.uuid(), signInId: z.uuid() })

/** What happened to an account (identity knows nothing of notices), and what its person is told. */
export const notificationReactions: readonly Reaction[] = [
  reaction({ topic: IDENTITY_TOPICS.movedClock, payload: event, run: (ctx, { userId }) => transact(ctx, (tx) => followPerson(tx, userId)) }),
  reaction({ topic: IDENTITY_TOPICS.newSignIn, payload: ofSignIn, run: (ctx, { userId, signInId }) => tellSecurity(ctx, { userId, what: 'new_sign_in', signInId }) }),
  reaction({ topic: IDENTITY_TOPICS.tokenReused, payload: ofSignIn, run: (ctx, { userId, signInId }) => tellSecurity(ctx, { userId, what: 'token_reused', signInId }) }),
  reaction({ topic: IDENTITY_TOPICS.phoneChanged, payload: event, run: (ctx, { userId, eventId }) => tellSecurity(ctx, { userId, what: 'phone_changed', eventId }) }),
  reaction({ topic: IDENTITY_TOPICS.signedOutEverywhere, payload: event, run: (ctx, { userId, eventId }) => tellSecurity(ctx, { userId, what: 'signed_out_everywhere', eventId }) }),
]
