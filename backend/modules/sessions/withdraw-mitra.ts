import { and, desc, eq, inArray } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { findMitras, freeSlots } from '../mitras/index.ts'
import { announceSessions } from './announce.ts'
import { cancelWaiting } from './cancel-waiting.ts'
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
  // First: what loses its slot then is not matched beside those who can't be served.
  if (cause === 'offline' || (cause === 'capacity' && await isOverCapacity(ctx, mitraId))) await cancelWaiting(ctx, mitraId)
  const rows = await ctx.sql.select({ id: sessions.id }).from(sessions)
    .where(and(eq(sessions.slotMitraId, mitraId), inArray(sessions.state, ['held', 'ringing']))).orderBy(desc(sessions.id))
  // Each is a decision of its own under the matching lock: at most as many as one mitra has slots.
  for (const { id } of rows) {
    if (cause === 'capacity' && !(await isOverCapacity(ctx, mitraId))) return
    await decideOnSession(ctx, id, (tx, seen) => withdrawFrom(tx, seen, mitraId), { underLock: true })
  }
}

async function withdrawFrom(tx: Tx, seen: Seen, mitraId: string): Promise<void> {
  const { session } = seen
  if (session.slotMitraId !== mitraId) return
  if (session.state === 'held') await loseSlot(tx, seen, mitraId)
  else if (session.state === 'ringing') await nextOffer(tx, seen, { outcome: 'withdrawn', actor: SYSTEM, counted: false })
}

/** A hold goes on without its mitra: once paid it rings whoever is next. */
export async function loseSlot(tx: Tx, seen: Seen, mitraId: string): Promise<void> {
  await changeSession(tx, seen, { set: { slotMitraId: null }, event: 'slot_lost', actor: SYSTEM, details: { mitraId } })
  await freeSlots(tx, [mitraId])
  announceSessions(tx, [seen.session.id])
  tx.afterCommit(signalMatching)
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
