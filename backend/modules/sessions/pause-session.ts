import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { setWritableUntil } from '../chat/index.ts'
import { closeServed, openServed } from '../mitras/index.ts'
import { notify } from '../notifications/index.ts'
import { announceSessions, noteInConversation } from './announce.ts'
import { addSeconds, changeSession, earlier, findGap, SYSTEM, type Seen } from './queries.ts'
import { nextDueWhileActive, skipGap } from './rules.ts'

/** Nobody can be seen during a maintenance: a session that runs pauses after this, as of when its mitra was last seen. */
const MAINTENANCE_UNSEEN_SECONDS = 15

/** How long a mitra in a session must be unseen to count as stale or gone. */
export function unseenSeconds({ settings }: Pick<Tx, 'settings'>, name: 'staleSeconds' | 'goneSeconds'): number {
  return settings.get('maintenance') ? Math.min(MAINTENANCE_UNSEEN_SECONDS, settings.get(name)) : settings.get(name)
}

/** The mitra is gone: the clock stands still as of when they were last seen, within what is left of the allowance. */
export async function pauseSession(tx: Tx, seen: Seen, lastSeenAt: Date): Promise<void> {
  const { session } = seen
  if (session.state !== 'active' || !session.conversationId || !session.endsAt) return
  crashPointAfterCommit(tx, 'pause.begun')
  // No second was used before the clock started, none is given back twice, and none is used after the end.
  const earliest = session.clockStartedAt ?? session.acceptedAt ?? lastSeenAt
  const pausedAt = earlier(skipGap(lastSeenAt > earliest ? lastSeenAt : earliest, await findGap(tx.sql, session.id)), session.endsAt)
  const pauseUntil = addSeconds(pausedAt, Math.max(0, tx.settings.get('pauseAllowanceSeconds') - session.pausedSeconds))
  await changeSession(tx, seen, { set: { state: 'paused', pausedAt, pauseUntil, dueAt: pauseUntil }, event: 'mitra_gone', actor: SYSTEM })
  await setWritableUntil(tx, session.conversationId, pauseUntil)
  await noteInConversation(tx, session.conversationId, { code: 'session_paused', data: { sessionId: session.id, pausedAt: pausedAt.toISOString(), pauseUntil: pauseUntil.toISOString() } })
  if (session.mitraId) await closeServed(tx, { mitraId: session.mitraId, sessionId: session.id, at: pausedAt })
  await notify(tx, [{
    userId: session.customerId, template: 'session.paused', dedupeKey: `paused:${session.id}:${pausedAt.getTime()}`, data: { sessionId: session.id },
  }])
  announceSessions(tx, [session.id])
  crashPoint('pause.beginning')
}

/** The mitra is back, and was before the allowance was used up: the end moves by the pause, to the millisecond. */
export async function resumeSession(tx: Tx, seen: Seen): Promise<void> {
  const { session, now } = seen
  if (session.state !== 'paused' || !session.pausedAt || !session.endsAt || !session.pauseUntil || !session.conversationId) return
  crashPointAfterCommit(tx, 'pause.ended')
  const pausedSeconds = (now.getTime() - session.pausedAt.getTime()) / 1000
  const endsAt = addSeconds(session.endsAt, pausedSeconds)
  await changeSession(tx, seen, {
    set: {
      state: 'active', endsAt, pausedAt: null, pauseUntil: null, pausedSeconds: session.pausedSeconds + pausedSeconds,
      dueAt: nextDueWhileActive(endsAt, now, tx.settings.get('warningSeconds')),
    },
    event: 'mitra_back', actor: session.mitraId ? { kind: 'mitra', id: session.mitraId } : SYSTEM, details: { pausedSeconds },
  })
  await setWritableUntil(tx, session.conversationId, endsAt)
  await noteInConversation(tx, session.conversationId, { code: 'session_resumed', data: { sessionId: session.id, endsAt: endsAt.toISOString() } })
  if (session.mitraId) await openServed(tx, { mitraId: session.mitraId, sessionId: session.id, at: now })
  await notify(tx, [{
    userId: session.customerId, template: 'session.resumed', dedupeKey: `resumed:${session.id}:${session.pausedAt.getTime()}`, data: { sessionId: session.id },
  }])
  announceSessions(tx, [session.id])
  crashPoint('pause.ending')
}
