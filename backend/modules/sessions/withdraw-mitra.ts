import { and, desc, eq, inArray, or, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { findMitras, freeSlots } from '../mitras/index.ts'
import { announceSessions } from './announce.ts'
import { finishSession } from './finish-session.ts'
import { signalMatching } from './matching-signal.ts'
import { nextOffer } from './next-offer.ts'
import { changeSession, decideOnSession, SYSTEM, type Seen } from './queries.ts'
import { sessions } from './tables.ts'

/** `offline`: by wish or deactivated. `gone`: unseen for `goneSeconds`. `capacity`: lowered below what is in use. */
export type WithdrawCause = 'offline' | 'gone' | 'capacity'

/**
 * A mitra can't serve any more what has not begun: offers go to the next, holds lose their slot but stay held, those who
 * wait for this mitra alone are cancelled. Running sessions go on. Idempotent by the rows' state.
 */
export async function withdrawMitra(ctx: Ctx, mitraId: string, cause: WithdrawCause): Promise<void> {
  const rows = await ctx.sql.select({ id: sessions.id }).from(sessions).where(or(
    and(eq(sessions.slotMitraId, mitraId), inArray(sessions.state, ['held', 'ringing'])),
    cause === 'gone' ? sql`false` : and(eq(sessions.namedMitraId, mitraId), eq(sessions.state, 'queued'), eq(sessions.anyMitra, false)),
  )).orderBy(desc(sessions.id))
  // Each is a decision of its own under the matching lock: a handful at most, the capacity of one mitra and who waits for it.
  for (const { id } of rows) {
    if (cause === 'capacity' && !(await isOverCapacity(ctx, mitraId))) return
    await decideOnSession(ctx, id, (tx, seen) => withdrawFrom(tx, seen, mitraId), { underLock: true })
  }
}

async function withdrawFrom(tx: Tx, seen: Seen, mitraId: string): Promise<void> {
  const { session } = seen
  if (session.state === 'queued' && session.namedMitraId === mitraId && !session.anyMitra) {
    await finishSession(tx, seen, { to: 'cancelled', reason: 'mitra_unavailable', actor: SYSTEM, give: 'all' })
  } else if (session.slotMitraId !== mitraId) {
    return
  } else if (session.state === 'held') {
    await changeSession(tx, seen, { set: { slotMitraId: null }, event: 'slot_lost', actor: SYSTEM, details: { mitraId } })
    await freeSlots(tx, [mitraId])
    announceSessions(tx, [session.id])
    tx.afterCommit(signalMatching)
  } else if (session.state === 'ringing') {
    await nextOffer(tx, seen, { outcome: 'withdrawn', actor: SYSTEM, counted: false })
  }
}

async function isOverCapacity(ctx: Ctx, mitraId: string): Promise<boolean> {
  const mitra = (await findMitras(ctx.sql, [mitraId])).get(mitraId)
  return mitra !== undefined && mitra.used > mitra.capacity
}

/** The reaction to `mitras.unavailable`: decides by what the mitra is now, so that a late one harms nobody. */
export async function withdrawUnavailable(ctx: Ctx, mitraId: string): Promise<void> {
  const mitra = (await findMitras(ctx.sql, [mitraId])).get(mitraId)
  if (!mitra) return
  if (mitra.status !== 'approved' || !mitra.wantsOnline) await withdrawMitra(ctx, mitraId, 'offline')
  else if (mitra.used > mitra.capacity) await withdrawMitra(ctx, mitraId, 'capacity')
}
