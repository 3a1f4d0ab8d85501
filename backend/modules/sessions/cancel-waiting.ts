import { and, asc, eq, inArray, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { notify } from '../notifications/index.ts'
import { endPromoUse, findPromoUses } from '../promotions/index.ts'
import { announceSessions } from './announce.ts'
import { markFinished, noticesOfEnd } from './finish-session.ts'
import { lockMatching, recordEvents, SYSTEM } from './queries.ts'
import { sessions } from './tables.ts'

/**
 * Cancels everybody who waits for this mitra alone, however many, in one transaction under the matching lock. Nobody in
 * the queue has paid or holds a slot: only what a code reserved goes back.
 */
export async function cancelWaiting(ctx: Ctx, mitraId: string): Promise<void> {
  const [anybody] = await ctx.sql.select({ id: sessions.id }).from(sessions).where(waitingFor(mitraId)).limit(1)
  if (!anybody) return
  await transact(ctx, async (tx) => {
    await lockMatching(tx)
    await cancelAllWaiting(tx, mitraId)
  })
}

const waitingFor = (mitraId: string) => and(eq(sessions.namedMitraId, mitraId), eq(sessions.state, 'queued'), eq(sessions.anyMitra, false))

/** The same in a transaction that holds the matching lock. */
export async function cancelAllWaiting(tx: Tx, mitraId: string): Promise<void> {
  const locked = await tx.sql.select({ id: sessions.id }).from(sessions).where(waitingFor(mitraId)).orderBy(asc(sessions.id)).for('update')
  if (locked.length === 0) return
  markFinished(tx)
  const reason = 'mitra_unavailable'
  const ended = await tx.sql.update(sessions).set({
    state: 'cancelled', dueAt: null, endedAt: sql`app_now()`, endReason: reason, endedBy: 'system', version: sql`${sessions.version} + 1`, updatedAt: sql`app_now()`,
  }).where(inArray(sessions.id, locked.map(({ id }) => id))).returning()
  const ids = ended.map(({ id }) => id)
  await recordEvents(tx, ids.map((sessionId) => ({ sessionId, from: 'queued', to: 'cancelled', event: 'cancelled', actor: SYSTEM, reason, details: { returnedIdr: 0 } })))
  // Few ask with a code, and each use is a change of its own.
  for (const use of await findPromoUses(tx.sql, ids)) await endPromoUse(tx, use, 0)
  await notify(tx, ended.flatMap(noticesOfEnd))
  tx.metrics.sessionsEnded.inc({ state: 'cancelled', reason }, ids.length)
  announceSessions(tx, ids)
}
