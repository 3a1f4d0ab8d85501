import { and, eq, getTableColumns, inArray, sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { purchases, sessionEvents, sessions, type ActorKind, type Purchase, type Session } from './tables.ts'

/** All matching decisions run under this one advisory lock; it is always the first statement of its transaction. */
const MATCHING_LOCK = 7_001

export async function lockMatching(tx: Tx): Promise<void> {
  await tx.sql.execute(sql`select pg_advisory_xact_lock(${MATCHING_LOCK})`)
}

export type Actor = { kind: ActorKind; id?: string | undefined }
export const SYSTEM: Actor = { kind: 'system' }
export const PROVIDER: Actor = { kind: 'provider' }

/** A session as it is now, with the database's time by which to decide. */
export type Seen = { session: Session; now: Date }

export async function findSession(handle: Queryable, id: string): Promise<Seen | undefined> {
  const [row] = await handle.select({ ...getTableColumns(sessions), now: sql`app_now()`.mapWith(sessions.updatedAt) }).from(sessions).where(eq(sessions.id, id))
  if (!row) return undefined
  const { now, ...session } = row
  return { session, now }
}

export async function findPurchases(handle: Queryable, sessionId: string): Promise<Purchase[]> {
  return handle.select().from(purchases).where(eq(purchases.sessionId, sessionId)).orderBy(purchases.position)
}

/** An extension whose money is waited for. */
export const isPending = (purchase: Purchase): boolean => purchase.kind === 'extension' && purchase.state === 'funding'

/** What a session's time was bought with: paid for, or (its own package) about to be. */
export const isBought = (purchase: Purchase): boolean => purchase.state !== 'waiting' && purchase.state !== 'dropped' && !isPending(purchase)

/** This purchase, if it is an extension whose money is waited for. */
export async function findPendingExtension(handle: Queryable, purchaseId: string): Promise<Purchase | undefined> {
  const [purchase] = await handle.select().from(purchases).where(eq(purchases.id, purchaseId))
  return purchase && isPending(purchase) ? purchase : undefined
}

/** The extensions of these sessions, each session's in order of purchase. */
export async function findExtensions(handle: Queryable, sessionIds: readonly string[]): Promise<Purchase[]> {
  if (sessionIds.length === 0) return []
  return handle.select().from(purchases).where(and(inArray(purchases.sessionId, [...sessionIds]), eq(purchases.kind, 'extension'))).orderBy(purchases.position)
}

/** When this session stood at zero before it was extended, if it ever did; the last time. */
export async function findGap(handle: Queryable, sessionId: string): Promise<{ from: Date; until: Date } | undefined> {
  const { rows } = await handle.execute<{ from: string; until: string }>(sql`
    select details -> 'gap' ->> 'from' as from, details -> 'gap' ->> 'until' as until from session_events
    where session_id = ${sessionId} and event = 'extended' and details ? 'gap' order by id desc limit 1`)
  return rows[0] && { from: new Date(rows[0].from), until: new Date(rows[0].until) }
}

/** What was decided on has moved between reading and writing: `decideOnSession` reads again and decides again. */
export class SessionMoved extends Error {}

/**
 * Reads a session and lets `work` decide on it; where somebody else was quicker, reads and decides again.
 * `underLock` takes the matching lock first: needed by whatever hands a slot to somebody else in the same transaction.
 */
export async function decideOnSession<T>(ctx: Ctx, id: string, work: (tx: Tx, seen: Seen) => Promise<T>, options: { underLock?: boolean } = {}): Promise<T> {
  return untilStill(ctx, async (tx) => {
    if (options.underLock) await lockMatching(tx)
    const seen = await findSession(tx.sql, id)
    if (!seen) throw new AppError('not_found')
    return work(tx, seen)
  })
}

/** Decides about people and whatever sessions they have, under the matching lock: nobody is matched meanwhile. */
export async function decideUnderMatching<T>(ctx: Ctx, work: (tx: Tx) => Promise<T>): Promise<T> {
  return untilStill(ctx, async (tx) => {
    await lockMatching(tx)
    return work(tx)
  })
}

async function untilStill<T>(ctx: Ctx, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(ctx, work)
    } catch (error) {
      if (!(error instanceof SessionMoved)) throw error
      if (attempt >= 8) throw new AppError('session_state_conflict', 'the session keeps changing')
    }
  }
}

/** Sessions that fit, locked in the order of their ids: nobody moves them before this transaction ends. */
export async function lockSessions(tx: Tx, which: SQL | undefined): Promise<Seen[]> {
  const rows = await tx.sql.select({ ...getTableColumns(sessions), now: sql`app_now()`.mapWith(sessions.updatedAt) }).from(sessions).where(which).orderBy(sessions.id).for('update')
  return rows.map(({ now, ...session }) => ({ session, now }))
}

export type Change = {
  set: Partial<Omit<Session, 'id' | 'version' | 'updatedAt'>>
  event: string
  actor: Actor
  reason?: string | undefined
  details?: Record<string, unknown> | undefined
}

/**
 * One guarded UPDATE (the state and version that were decided on) and its row in session_events.
 * Throws so that `decideOnSession` starts over where the session has moved.
 */
export async function changeSession(tx: Tx, seen: Seen, change: Change): Promise<Session> {
  const { session } = seen
  const [changed] = await tx.sql
    .update(sessions)
    .set({ ...change.set, version: sql`${sessions.version} + 1`, updatedAt: sql`app_now()` })
    .where(and(eq(sessions.id, session.id), eq(sessions.state, session.state), eq(sessions.version, session.version)))
    .returning()
  if (!changed) throw new SessionMoved()
  await recordEvents(tx, [{ sessionId: changed.id, from: session.state, to: changed.state, ...change }])
  return changed
}

export type EventRow = { sessionId: string; from: Session['state'] | null; to: Session['state'] } & Omit<Change, 'set'>

export async function recordEvents(tx: Tx, events: readonly EventRow[]): Promise<void> {
  if (events.length === 0) return
  await tx.sql.insert(sessionEvents).values(events.map((event) => ({
    sessionId: event.sessionId, at: sql`app_now()`, event: event.event, fromState: event.from, toState: event.to,
    actorKind: event.actor.kind, actorId: event.actor.id ?? null, reason: event.reason ?? null, details: event.details ?? {},
  })))
}

export async function findSessionsByIds(handle: Queryable, ids: readonly string[]): Promise<Session[]> {
  return ids.length === 0 ? [] : handle.select().from(sessions).where(inArray(sessions.id, [...ids]))
}

export const OPEN_STATES = ['queued', 'held', 'ringing', 'active', 'paused'] as const

export const addSeconds = (at: Date, seconds: number): Date => new Date(at.getTime() + Math.round(seconds * 1000))
export const earlier = (a: Date, b: Date): Date => (a <= b ? a : b)
