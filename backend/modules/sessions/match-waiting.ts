import { and, eq, inArray, isNull, or, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findSamePersonPairs } from '../identity/index.ts'
import { claimSlots, findAvailable, freeSlots } from '../mitras/index.ts'
import { findBlockedPairs } from '../moderation/index.ts'
import { announceSessions } from './announce.ts'
import { beginHold } from './begin-hold.ts'
import { onMatchingSignal, signalMatching } from './matching-signal.ts'
import { findEarlierOffers, makeOffers, offerUntil } from './offer-session.ts'
import { lockMatching, recordEvents, SYSTEM, type Seen } from './queries.ts'
import { assign, type Standing, type Waiting } from './rules.ts'
import { sessions, type Session } from './tables.ts'

/**
 * One matching decision: gives free slots to whoever waits, paid `ringing` sessions first (by `paid_at`), then the
 * queue by its number. The caller holds the matching lock and no other. `justCreated` did not wait: its hold is the long one.
 */
export async function matchWaiting(tx: Tx, options: { justCreated?: string } = {}): Promise<void> {
  const granted = await grantSlots(tx)
  if (granted.length === 0) return
  const now = await databaseNow(tx)
  await ring(tx, granted.filter(({ session }) => session.state === 'ringing'), now)
  // A hold begins with a funding of its own; nearly always one, at most the slots that came free at once.
  for (const { session, mitraId } of granted.filter((one) => one.session.state === 'queued')) {
    await holdOrLeave(tx, { session, now }, { mitraId, cameFromQueue: session.id !== options.justCreated })
  }
}

type Granted = { session: Session; mitraId: string }

// A mitra who went offline between the look and the claim would leave somebody overtaken: the decision is made again.
async function grantSlots(tx: Tx): Promise<Granted[]> {
  for (let attempt = 1; ; attempt++) {
    const assigned = await assignWaiting(tx)
    const sessionsOf = await lockAssigned(tx, [...assigned.keys()])
    const granted = await claim(tx, sessionsOf, assigned)
    if (granted.length === sessionsOf.length || attempt >= 3) return granted
    await freeSlots(tx, granted.map((one) => one.mitraId))
  }
}

async function assignWaiting(tx: Tx): Promise<Map<string, string>> {
  const candidates = await findAvailable(tx.sql)
  const waiting = candidates.length > 0 ? await findWaiting(tx) : []
  if (waiting.length === 0) return new Map()
  const [customerIds, mitraIds] = [waiting.map((session) => session.customerId), candidates.map((candidate) => candidate.mitraId)]
  const [samePersons, blocked, earlier] = [
    await findSamePersonPairs(tx.sql, customerIds, mitraIds),
    await findBlockedPairs(tx.sql, customerIds, mitraIds),
    await findEarlierOffers(tx, waiting.filter((session) => session.state === 'ringing').map((session) => session.id)),
  ]
  return assign(waiting, candidates, (session, mitraId): Standing => {
    const pair = `${session.customerId}:${mitraId}`
    if (samePersons.has(pair) || blocked.has(pair) || earlier.get(`${session.id}:${mitraId}`) === 'declined') return 'never'
    return earlier.has(`${session.id}:${mitraId}`) ? 'last' : 'open'
  })
}

const isWaiting = or(eq(sessions.state, 'queued'), and(eq(sessions.state, 'ringing'), isNull(sessions.slotMitraId), sql`${sessions.ringUntil} > app_now()`))
const inTurn = [sql`${sessions.state} = 'queued'`, sessions.paidAt, sessions.queueNumber] as const

async function findWaiting(tx: Tx): Promise<(Waiting & { state: Session['state'] })[]> {
  return tx.sql.select({
    id: sessions.id, state: sessions.state, customerId: sessions.customerId, namedMitraId: sessions.namedMitraId, anyMitra: sessions.anyMitra,
    topic: sessions.topic, language: sessions.language, gender: sessions.gender,
  }).from(sessions).where(isWaiting).orderBy(...inTurn)
}

// SKIP LOCKED: a session that is being changed is somebody else's right now, and they ask for matching afterwards.
async function lockAssigned(tx: Tx, ids: readonly string[]): Promise<Session[]> {
  if (ids.length === 0) return []
  return tx.sql.select().from(sessions).where(and(inArray(sessions.id, [...ids]), isWaiting)).orderBy(...inTurn).for('update', { skipLocked: true })
}

async function claim(tx: Tx, waiting: readonly Session[], assigned: ReadonlyMap<string, string>): Promise<Granted[]> {
  const left = new Map(await claimSlots(tx, waiting.map((session) => assigned.get(session.id)!)))
  return waiting.flatMap((session) => {
    const mitraId = assigned.get(session.id)!
    const slots = left.get(mitraId) ?? 0
    left.set(mitraId, slots - 1)
    return slots < 1 ? [] : [{ session, mitraId }]
  })
}

// In a savepoint: a hold that can't begin now (credit that expires this very moment) must not stop everybody else's.
async function holdOrLeave(tx: Tx, seen: Seen, found: { mitraId: string; cameFromQueue: boolean }): Promise<void> {
  try {
    await tx.sql.transaction((savepoint) => beginHold({ ...tx, sql: savepoint }, seen, found))
  } catch (error) {
    tx.log.warn({ err: error, sessionId: seen.session.id }, 'a hold could not begin; the session stays in the queue')
    await freeSlots(tx, [found.mitraId])
    tx.afterCommit(signalMatching)
  }
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
