import type { Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'

/** What happened to an account that others must hear of. Who reacts stands in `worker.ts`. */
export const IDENTITY_TOPICS = {
  newSignIn: 'identity.new-sign-in',
  phoneChanged: 'identity.phone-changed',
  signedOutEverywhere: 'identity.signed-out-everywhere',
  tokenReused: 'identity.token-reused',
  movedClock: 'identity.moved-clock',
} as const

/** Of an act that has no row of its own: each is an event, told once. */
export async function writeEvent(tx: Tx, topic: 'phoneChanged' | 'signedOutEverywhere' | 'movedClock', userId: string): Promise<void> {
  await writeOutbox(tx, [{ topic: IDENTITY_TOPICS[topic], payload: { userId, eventId: tx.ids.next() } }])
}

export async function writeSignInEvent(tx: Tx, topic: 'newSignIn' | 'tokenReused', userId: string, signInId: string): Promise<void> {
  await writeOutbox(tx, [{ topic: IDENTITY_TOPICS[topic], payload: { userId, signInId } }])
}
