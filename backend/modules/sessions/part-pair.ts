import { and, eq, inArray, or } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { markClosing } from './close-hold.ts'
import { finishSession } from './finish-session.ts'
import { nextOffer } from './next-offer.ts'
import { lockSessions, OPEN_STATES, SYSTEM, type Actor, type Seen } from './queries.ts'
import { sessions } from './tables.ts'
import { loseSlot } from './withdraw-mitra.ts'

export type Pair = { customerId: string; mitraId: string }
/** Who wants these two apart: `staff` for the mitra's sake or fault. */
export type Parting = { mitraId: string; by: 'customer' | 'mitra' | 'staff'; actor: Actor }

/** Whether this mitra ever served this customer, rings for them or was asked for by them. */
export async function haveMet(handle: Queryable, { customerId, mitraId }: Pair): Promise<boolean> {
  const [row] = await handle.select({ id: sessions.id }).from(sessions)
    .where(and(eq(sessions.customerId, customerId), or(eq(sessions.mitraId, mitraId), eq(sessions.slotMitraId, mitraId), eq(sessions.namedMitraId, mitraId)))).limit(1)
  return row !== undefined
}

/** One of the two never wants to meet the other again: what is open between them ends as far as it is theirs. Under the matching lock. */
export async function partPair(tx: Tx, { customerId, mitraId }: Pair, by: 'customer' | 'mitra'): Promise<void> {
  const open = await lockSessions(tx, and(eq(sessions.customerId, customerId), inArray(sessions.state, [...OPEN_STATES])))
  const actor = { kind: by, id: by === 'customer' ? customerId : mitraId } as const
  for (const seen of open) await partFromMitra(tx, seen, { mitraId, by, actor })
}

/**
 * This mitra and this session have nothing more to do with each other: nobody is told why. Who asked for this mitra alone
 * is cancelled (a hold closes in two phases), an offer goes to the next, what runs ends as if that side had ended it. The
 * caller holds the matching lock, and has seen to it that this mitra is not found again.
 */
export async function partFromMitra(tx: Tx, seen: Seen, { mitraId, by, actor }: Parting): Promise<void> {
  const { session } = seen
  const isNamedOnly = session.namedMitraId === mitraId && !session.anyMitra
  const cancelled = by === 'customer' ? { reason: 'customer_cancelled', actor } as const : { reason: 'mitra_unavailable', actor: SYSTEM } as const
  switch (session.state) {
    case 'queued':
      if (isNamedOnly) await finishSession(tx, seen, { to: 'cancelled', ...cancelled, give: 'all' })
      break
    case 'held':
      if (isNamedOnly) await markClosing(tx, seen, cancelled)
      else if (session.slotMitraId === mitraId) await loseSlot(tx, seen, mitraId)
      break
    case 'ringing':
      // What the customer sends away was an offer to them; what a mitra takes away was none.
      if (session.slotMitraId === mitraId) await nextOffer(tx, seen, { outcome: 'withdrawn', actor, counted: by === 'customer' })
      else if (isNamedOnly) await finishSession(tx, seen, { to: 'unserved', reason: 'no_answer', actor: SYSTEM, give: 'all' })
      break
    case 'active':
    case 'paused':
      if (session.mitraId !== mitraId) break
      await finishSession(tx, seen, { to: 'ended', reason: `${by}_ended`, actor, give: by === 'customer' && session.state === 'active' ? 'nothing' : 'unused' })
      break
    default:
  }
}
