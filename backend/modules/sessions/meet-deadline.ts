import { and, eq, getTableColumns, lte, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findLastSeen, findUnseen } from '../mitras/index.ts'
import { notify } from '../notifications/index.ts'
import { askSoon } from '../payments/index.ts'
import { announceSessions } from './announce.ts'
import { endClosing, markClosing } from './close-hold.ts'
import { finishSession } from './finish-session.ts'
import { nextOffer } from './next-offer.ts'
import { pauseSession, resumeSession, unseenSeconds } from './pause-session.ts'
import { addSeconds, changeSession, earlier, findPurchases, findSession, isPending, lockMatching, SYSTEM, type Seen } from './queries.ts'
import { nextDueWhileActive } from './rules.ts'
import { sessions } from './tables.ts'

const EXTENSION_ASK_SECONDS = 20

/** What a session's deadline means in the state it is in. A session that another replica is at is skipped. */
export async function meetDeadline(ctx: Ctx, id: string): Promise<void> {
  const before = await findSession(ctx.sql, id)
  if (!before) return
  if (before.session.state === 'held' && before.session.closingAt) {
    await endClosing(ctx, id, 'overdue')
    return
  }
  await transact(ctx, async (tx) => {
    if (before.session.state === 'ringing') await lockMatching(tx)
    const seen = await claimDue(tx, id)
    if (seen && seen.session.state === before.session.state) await meet(tx, seen)
  })
}

async function claimDue(tx: Tx, id: string): Promise<Seen | undefined> {
  const [row] = await tx.sql.select({ ...getTableColumns(sessions), now: sql`app_now()`.mapWith(sessions.updatedAt) }).from(sessions)
    .where(and(eq(sessions.id, id), lte(sessions.dueAt, sql`app_now()`))).for('update', { skipLocked: true })
  if (!row) return undefined
  const { now, ...session } = row
  return { session, now }
}

async function meet(tx: Tx, seen: Seen): Promise<void> {
  switch (seen.session.state) {
    case 'queued':
      await finishSession(tx, seen, { to: 'expired', reason: 'queue_expired', actor: SYSTEM, give: 'all' })
      break
    case 'held':
      // The provider is asked by the outbox: a slow one must not hold up the sweep.
      await markClosing(tx, seen, { reason: 'deadline', actor: SYSTEM })
      break
    case 'ringing':
      await nextOffer(tx, seen, { outcome: 'expired', actor: SYSTEM, counted: true })
      break
    case 'active':
      await meetActive(tx, seen)
      break
    case 'paused':
      await meetPauseLimit(tx, seen)
      break
    default:
  }
}

async function meetActive(tx: Tx, seen: Seen): Promise<void> {
  const { session, now } = seen
  if (!session.endsAt || !session.mitraId) return
  if (now >= session.endsAt) {
    if (!(await waitForExtension(tx, seen, session.endsAt))) await meetEnd(tx, seen, session.mitraId)
    return
  }
  const dueAt = nextDueWhileActive(session.endsAt, now, tx.settings.get('warningSeconds'))
  const clockStart = addSeconds(session.acceptedAt ?? now, tx.settings.get('clockStartSeconds'))
  if (!session.clockStartedAt) {
    // Nobody saw the customer: the clock starts at the latest that it may.
    await changeSession(tx, seen, { set: { clockStartedAt: clockStart, dueAt }, event: 'clock_started', actor: SYSTEM })
    announceSessions(tx, [session.id])
    return
  }
  await changeSession(tx, seen, { set: { dueAt }, event: 'warned', actor: SYSTEM })
  await warn(tx, seen)
}

// The time is up, and more of it may be paid for just now: the slot is kept a little longer. Writes have stopped. Whether
// it is paid the provider is asked meanwhile: its word may have got lost.
async function waitForExtension(tx: Tx, seen: Seen, endsAt: Date): Promise<boolean> {
  const { session, now } = seen
  const pending = (await findPurchases(tx.sql, session.id)).find(isPending)
  const until = pending?.payUntil && earlier(pending.payUntil, addSeconds(endsAt, tx.settings.get('extensionGraceSeconds')))
  if (!pending || !until || now >= until) return false
  const dueAt = earlier(until, addSeconds(now, EXTENSION_ASK_SECONDS))
  if (session.dueAt && session.dueAt > endsAt) await tx.sql.update(sessions).set({ dueAt }).where(eq(sessions.id, session.id))
  else {
    await changeSession(tx, seen, { set: { dueAt }, event: 'time_is_up', actor: SYSTEM, details: { until: until.toISOString() } })
    announceSessions(tx, [session.id])
  }
  await askSoon(tx, pending.id)
  return true
}

// The time is up. A mitra unseen for a while may have been gone before it: then it waits until they are seen (ended) or
// gone for good (paused as of when they were last seen). Writes have stopped at `ends_at` in any case.
async function meetEnd(tx: Tx, seen: Seen, mitraId: string): Promise<void> {
  const { session, now } = seen
  const lastSeenAt = (await findUnseen(tx.sql, { mitraIds: [mitraId], seconds: unseenSeconds(tx, 'staleSeconds') })).get(mitraId)
  if (!lastSeenAt) {
    await finishSession(tx, seen, { to: 'ended', reason: 'time_up', actor: SYSTEM, give: 'nothing' })
    return
  }
  const isGone = (await findUnseen(tx.sql, { mitraIds: [mitraId], seconds: unseenSeconds(tx, 'goneSeconds') })).has(mitraId)
  if (isGone) await pauseSession(tx, seen, lastSeenAt)
  // Nothing is decided yet: looked at again in a second, and not before what else is due.
  else await tx.sql.update(sessions).set({ dueAt: addSeconds(now, 1) }).where(eq(sessions.id, session.id))
}

// Whoever was back within the allowance goes on, however late that is noticed.
async function meetPauseLimit(tx: Tx, seen: Seen): Promise<void> {
  const { mitraId, pausedAt, pauseUntil } = seen.session
  const lastSeenAt = mitraId ? (await findLastSeen(tx.sql, [mitraId])).get(mitraId) : undefined
  if (lastSeenAt && pausedAt && pauseUntil && lastSeenAt > pausedAt && lastSeenAt < pauseUntil) await resumeSession(tx, seen)
  else await finishSession(tx, seen, { to: 'ended', reason: 'pause_limit', actor: SYSTEM, give: 'unused' })
}

// Keyed by the end it warns of: an end that moves is warned of once more.
async function warn(tx: Tx, seen: Seen): Promise<void> {
  const { session, now } = seen
  const minutes = Math.max(1, Math.round(((session.endsAt?.getTime() ?? 0) - now.getTime()) / 60_000))
  await notify(tx, [session.customerId, session.mitraId ?? []].flat().map((userId) => ({
    userId, template: 'session.time_short', variables: { minutes }, dedupeKey: `warn:${session.id}:${session.endsAt?.getTime()}:${minutes}`, data: { sessionId: session.id },
  })))
  announceSessions(tx, [session.id])
}
