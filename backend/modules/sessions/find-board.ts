import { asc, eq, inArray, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { OPEN_STATES } from './queries.ts'
import { offers, sessions, type SessionState } from './tables.ts'

const RUNNING = ['active', 'paused'] as const
const { id, version, state, customerId, mitraId, namedMitraId, topic, minutes, queuedAt, clockStartedAt, endsAt, pausedAt, pauseUntil } = sessions
const QUEUED = { id, version, customerId, namedMitraId, topic, minutes, queuedAt }
const SERVED = { id, version, state, customerId, mitraId, topic, minutes, startedAt: clockStartedAt, endsAt, pausedAt, pauseUntil }

/** What goes on in sessions: how many are in each open state, and of those that wait, ring or run the first so many. */
export async function findSessionBoard(handle: Queryable, limit: number) {
  const counted = await handle.select({ state, sessions: sql`count(*)`.mapWith(Number) }).from(sessions).where(inArray(state, [...OPEN_STATES])).groupBy(state)
  const queued = await handle.select(QUEUED).from(sessions).where(eq(state, 'queued')).orderBy(asc(sessions.queueNumber)).limit(limit)
  const running = await handle.select(SERVED).from(sessions).where(inArray(state, [...RUNNING])).orderBy(asc(endsAt), asc(id)).limit(limit)
  const ringing = await handle.select({ offer: offers, customerId, topic }).from(offers).innerJoin(sessions, eq(id, offers.sessionId))
    .where(eq(offers.state, 'ringing')).orderBy(asc(offers.expiresAt)).limit(limit)
  const { rows: [rung] } = await handle.execute<{ ringing: number }>(sql`select count(*)::int as ringing from offers where state = 'ringing'`)
  const counts = Object.fromEntries(OPEN_STATES.map((one) => [one, counted.find((row) => row.state === one)?.sessions ?? 0])) as Record<(typeof OPEN_STATES)[number] & SessionState, number>
  return { counts, queued, running, ringing, offers: rung!.ringing }
}

/** Puts how many sessions are in each open state, and how long the first of the queue has waited, into their metrics. */
export async function measureSessions(ctx: Ctx): Promise<void> {
  const { rows } = await ctx.sql.execute<{ state: string; sessions: number; waited: number }>(sql`
    select ${state} as state, count(*)::int as sessions, extract(epoch from app_now() - min(${queuedAt}))::float8 as waited
    from ${sessions} where ${inArray(state, [...OPEN_STATES])} group by 1`)
  for (const one of OPEN_STATES) ctx.metrics.sessionsOpen.set({ state: one }, rows.find((row) => row.state === one)?.sessions ?? 0)
  ctx.metrics.customersWaitingSeconds.set(rows.find((row) => row.state === 'queued')?.waited ?? 0)
}
