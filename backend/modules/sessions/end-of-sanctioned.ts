import { and, eq, inArray, or } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { holdMitra, putOffline } from '../mitras/index.ts'
import { cancelAllWaiting } from './cancel-waiting.ts'
import { endOpen } from './end-session.ts'
import { partFromMitra } from './part-pair.ts'
import { lockSessions, OPEN_STATES, type Actor } from './queries.ts'
import { sessions } from './tables.ts'

/** The accounts of somebody who is out from now on; `giveBack`: staff return what is unused of a session that runs. */
export type Sanctioned = { customerId: string | undefined; mitraId: string | undefined; staffId: string; giveBack: boolean }

/**
 * Ends what is open of somebody who was suspended or banned: as a customer they lose what runs, as a mitra they are
 * offline and everybody else gets the unused back or the next mitra. The caller holds the matching lock.
 */
export async function endOfSanctioned(tx: Tx, { customerId, mitraId, staffId, giveBack }: Sanctioned): Promise<void> {
  if (!customerId && !mitraId) return
  const actor: Actor = { kind: 'staff', id: staffId }
  if (mitraId) await holdMitra(tx, mitraId)
  const open = await lockSessions(tx, and(inArray(sessions.state, [...OPEN_STATES]), or(
    customerId ? eq(sessions.customerId, customerId) : undefined,
    mitraId ? eq(sessions.slotMitraId, mitraId) : undefined,
    // What asks for this mitra alone and has lost the slot already; who waits in the queue is cancelled below.
    mitraId ? and(eq(sessions.namedMitraId, mitraId), eq(sessions.anyMitra, false), inArray(sessions.state, ['held', 'ringing'])) : undefined,
  )))
  if (mitraId) await putOffline(tx, [mitraId], null)
  if (mitraId) await cancelAllWaiting(tx, mitraId)
  // At most one of a customer and as many as a mitra has slots; each is a decision of its own.
  for (const seen of open) {
    if (seen.session.customerId === customerId) await endOpen(tx, seen, actor, giveBack ? 'unused' : 'nothing')
    else if (mitraId) await partFromMitra(tx, seen, { mitraId, by: 'staff', actor })
  }
}
