import type { UserActor } from '../../platform/access.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { isSideOf } from './access.ts'
import { closeWithin } from './cancel-session.ts'
import { markClosing } from './close-hold.ts'
import { finishSession } from './finish-session.ts'
import { decideOnSession, type Actor, type Seen } from './queries.ts'

/**
 * Either side ends a running session. The customer who ends an active one gets nothing back, of a paused one the rest;
 * a mitra's end gives the unused time back. A repeat changes nothing.
 */
export async function endSession(ctx: Ctx, actor: UserActor, id: string): Promise<void> {
  await decideOnSession(ctx, id, async (tx, seen) => {
    const { session } = seen
    if (!isSideOf(actor, session)) throw new AppError('not_found')
    if (session.state === 'ended') return
    if (session.state !== 'active' && session.state !== 'paused') throw new AppError('session_state_conflict')
    const isForfeit = actor.kind === 'customer' && session.state === 'active'
    await finishSession(tx, seen, { to: 'ended', reason: `${actor.kind}_ended`, actor, give: isForfeit ? 'nothing' : 'unused' })
  })
}

/** Staff end whatever is open, with a reason that is written down; a hold closes in two phases. Audited by the caller through `within`. */
export async function endByStaff(ctx: Ctx, input: { staffId: string; sessionId: string; reason: string }, within: (tx: Tx) => Promise<void>): Promise<void> {
  const actor: Actor = { kind: 'staff', id: input.staffId }
  const isClosing = await decideOnSession(ctx, input.sessionId, async (tx, seen) => {
    const changed = await endOpen(tx, seen, actor)
    if (changed !== 'nothing') await within(tx)
    return changed === 'closing'
  })
  if (isClosing) await closeWithin(ctx, input.sessionId)
}

/** Whatever is open ends by staff. `active`: what goes back of one that runs. */
export async function endOpen(tx: Tx, seen: Seen, actor: Actor, active: 'nothing' | 'unused' = 'unused'): Promise<'ended' | 'closing' | 'nothing'> {
  const { session } = seen
  switch (session.state) {
    case 'queued':
    case 'ringing':
      await finishSession(tx, seen, { to: 'cancelled', reason: 'staff_ended', actor, give: 'all' })
      return 'ended'
    case 'held':
      return (await markClosing(tx, seen, { reason: 'staff_ended', actor })) ? 'closing' : 'nothing'
    case 'active':
    case 'paused':
      await finishSession(tx, seen, { to: 'ended', reason: 'staff_ended', actor, give: session.state === 'active' ? active : 'unused' })
      return 'ended'
    default:
      if (session.endedBy === 'staff') return 'nothing'
      throw new AppError('session_state_conflict')
  }
}
