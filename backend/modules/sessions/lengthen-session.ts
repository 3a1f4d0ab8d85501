import { eq } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { setMayReopen, setWritableUntil } from '../chat/index.ts'
import { notify } from '../notifications/index.ts'
import { announceSessions, noteInConversation } from './announce.ts'
import { changeSession, type Actor, type Seen } from './queries.ts'
import { lengthenedEnd, nextDueWhileActive } from './rules.ts'
import { purchases, type Purchase, type Session } from './tables.ts'

/** Whether money that comes now still lengthens this session: an active one waits a little after its end. */
export function mayLengthen(tx: Tx, { session, now }: Seen): boolean {
  if (session.state === 'paused') return true
  if (session.state !== 'active' || !session.endsAt) return false
  return now.getTime() < session.endsAt.getTime() + tx.settings.get('extensionGraceSeconds') * 1000
}

/** An extension is paid for: the end of an active session moves, the remainder of a paused one grows. Both sides are told. */
export async function lengthenSession(tx: Tx, seen: Seen, extension: Pick<Purchase, 'id' | 'minutes'>, actor: Actor): Promise<Session> {
  const { session, now } = seen
  const { endsAt: before, conversationId } = session
  if (!before || !conversationId) throw new Error('a session that runs has an end and a conversation')
  crashPointAfterCommit(tx, 'extension.applied')
  const isAfterZero = session.state === 'active' && now > before
  const endsAt = lengthenedEnd({ state: session.state, endsAt: before }, now, extension.minutes)
  // Until the clock has started its start is what is due, and a pause ends when it ends.
  const isRunning = session.state === 'active' && session.clockStartedAt !== null
  const lengthened = await changeSession(tx, seen, {
    set: { endsAt, ...(isRunning ? { dueAt: nextDueWhileActive(endsAt, now, tx.settings.get('warningSeconds')) } : {}) },
    event: 'extended', actor, details: { purchaseId: extension.id, minutes: extension.minutes, ...(isAfterZero ? { gap: { from: before, until: now } } : {}) },
  })
  if (session.state === 'active') await setWritableUntil(tx, conversationId, endsAt)
  await setMayReopen(tx, conversationId, false)
  await noteInConversation(tx, conversationId, { code: 'session_extended', data: { sessionId: session.id, minutes: extension.minutes, endsAt: endsAt.toISOString() } })
  await tx.sql.update(purchases).set({ state: 'funded' }).where(eq(purchases.id, extension.id))
  await notify(tx, [session.customerId, session.mitraId ?? []].flat().map((userId) => ({
    userId, template: 'session.extended', variables: { minutes: extension.minutes }, dedupeKey: `extended:${extension.id}`, data: { sessionId: session.id },
  })))
  announceSessions(tx, [session.id])
  crashPoint('extension.applying')
  return lengthened
}
