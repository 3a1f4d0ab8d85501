import { and, eq, isNull, or, sql } from 'drizzle-orm'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findSamePersonPairs } from '../identity/index.ts'
import { claimSlots, findAvailable } from '../mitras/index.ts'
import { announceSessions } from './announce.ts'
import { beginHold } from './begin-hold.ts'
import { onMatchingSignal } from './matching-signal.ts'
import { findEarlierOffers, makeOffers, offerUntil } from './offer-session.ts'
import { lockMatching, recordEvents, SYSTEM } from './queries.ts'
import { assign, type Standing } from './rules.ts'
import { sessions, type Session } from './tables.ts'

/**
 * One matching decision: gives free slots to whoever waits, paid `ringing` sessions first (by `paid_at`), then the
 * queue by its number. The caller holds the matching lock and no other. `justCreated` did not wait: its hold is the long one.
 */
export async function matchWaiting(tx: Tx, options: { justCreated?: string } = {}): Promise<void> {
  const candidates = await findAvailable(tx.sql)
  if (candidates.length === 0) return
  const waiting = await lockWaiting(tx)
  if (waiting.length === 0) return
  const mitraIds = candidates.map((candidate) => candidate.mitraId)
  const [samePersons, earlier] = [
    await findSamePersonPairs(tx.sql, waiting.map((session) => session.customerId), mitraIds),
    await findEarlierOffers(tx, waiting.filter((session) => session.state === 'ringing').map((session) => session.id)),
  ]
  const assigned = assign(waiting, candidates, (session, mitraId): Standing => {
    if (samePersons.has(`${session.customerId}:${mitraId}`) || earlier.get(`${session.id}:${mitraId}`) === 'declined') return 'never'
    return earlier.has(`${session.id}:${mitraId}`) ? 'last' : 'open'
  })
  const granted = await claim(tx, waiting, assigned)
  const now = await databaseNow(tx)
  await ring(tx, granted.filter(({ session }) => session.state === 'ringing'), now)
  // A hold begins with a funding of its own; nearly always one, at most the slots that came free at once.
  for (const { session, mitraId } of granted.filter((one) => one.session.state === 'queued')) {
    await beginHold(tx, { session, now }, { mitraId, cameFromQueue: session.id !== options.justCreated })
  }
}

// SKIP LOCKED: a session that is being changed is somebody else's right now, and they ask for matching afterwards.
async function lockWaiting(tx: Tx): Promise<Session[]> {
  return tx.sql.select().from(sessions)
    .where(or(eq(sessions.state, 'queued'), and(eq(sessions.state, 'ringing'), isNull(sessions.slotMitraId), sql`${sessions.ringUntil} > app_now()`)))
    .orderBy(sql`${sessions.state} = 'queued'`, sessions.paidAt, sessions.queueNumber)
    .for('update', { skipLocked: true })
}

// The mitra may have gone offline since: what is not granted stays waiting and is matched again.
async function claim(tx: Tx, waiting: readonly Session[], assigned: ReadonlyMap<string, string>): Promise<{ session: Session; mitraId: string }[]> {
  const left = new Map(assigned.size > 0 ? await claimSlots(tx, [...assigned.values()]) : [])
  return waiting.flatMap((session) => {
    const mitraId = assigned.get(session.id)
    const slots = mitraId ? left.get(mitraId) ?? 0 : 0
    if (!mitraId || slots < 1) return []
    left.set(mitraId, slots - 1)
    return [{ session, mitraId }]
  })
}

async function ring(tx: Tx, granted: readonly { session: Session; mitraId: string }[], now: Date): Promise<void> {
  if (granted.length === 0) return
  const rings = granted.map(({ session, mitraId }) => ({ session, mitraId, expiresAt: offerUntil(tx, now, session.ringUntil ?? now) }))
  const slots = sql.join(rings.map((one) => sql`(${one.session.id}::uuid, ${one.mitraId}::uuid, ${one.expiresAt.toISOString()}::timestamptz)`), sql`, `)
  await tx.sql.execute(sql`
    update chat_sessions s set slot_mitra_id = r.mitra_id, due_at = r.due_at, offers_made = offers_made + 1, version = version + 1, updated_at = app_now()
    from (values ${slots}) as r(id, mitra_id, due_at) where s.id = r.id`)
  await recordEvents(tx, rings.map((one) => ({ sessionId: one.session.id, from: 'ringing', to: 'ringing', event: 'next_offer', actor: SYSTEM, details: { mitraId: one.mitraId } })))
  await makeOffers(tx, rings)
  announceSessions(tx, rings.map((one) => one.session.id))
}

export async function databaseNow(tx: Tx): Promise<Date> {
  const { rows } = await tx.sql.execute<{ now: string }>(sql`select app_now() as now`)
  return new Date(rows[0]!.now)
}

/** A matching decision of its own, where there is somebody waiting. */
export async function matchNow(ctx: Ctx): Promise<void> {
  if (!(await isAnybodyWaiting(ctx))) return
  await transact(ctx, async (tx) => {
    await lockMatching(tx)
    await matchWaiting(tx)
  })
}

async function isAnybodyWaiting(ctx: Ctx): Promise<boolean> {
  const [row] = await ctx.sql.select({ id: sessions.id }).from(sessions)
    .where(or(eq(sessions.state, 'queued'), and(eq(sessions.state, 'ringing'), isNull(sessions.slotMitraId)))).limit(1)
  return row !== undefined
}

/**
 * Runs matching decisions when signalled: one at a time a replica, and one more where somebody asked meanwhile.
 * A failed one is left to the sweep, which asks every second.
 */
export function startMatching(ctx: Ctx): void {
  let isRunning = false
  let isWanted = false
  const run = async () => {
    isRunning = true
    while (isWanted) {
      isWanted = false
      await matchNow(ctx).catch((error: unknown) => ctx.log.warn({ err: error }, 'a matching decision failed'))
    }
    isRunning = false
  }
  onMatchingSignal(ctx, () => {
    isWanted = true
    if (!isRunning) void run()
  })
}
