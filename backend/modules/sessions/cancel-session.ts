import type { UserActor } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { isSideOf } from './access.ts'
import { finishClosing, markClosing } from './close-hold.ts'
import { finishSession } from './finish-session.ts'
import { decideOnSession } from './queries.ts'

/** The customer lets go before the session is active. A hold closes in two phases; a repeat changes nothing. */
export async function cancelSession(ctx: Ctx, actor: UserActor, id: string): Promise<void> {
  const isClosing = await decideOnSession(ctx, id, async (tx, seen) => {
    const { session } = seen
    if (!isSideOf(actor, session)) throw new AppError('not_found')
    if (session.state === 'cancelled') return false
    if (session.state === 'held') {
      await markClosing(tx, seen, { reason: 'customer_cancelled', actor })
      return true
    }
    if (session.state !== 'queued' && session.state !== 'ringing') throw new AppError('session_state_conflict')
    await finishSession(tx, seen, { to: 'cancelled', reason: 'customer_cancelled', actor, give: 'all' })
    return false
  })
  if (isClosing) await closeWithin(ctx, id)
}

/** Waits for the provider as long as a request may; the outbox and the deadline go on where this gives up. */
export async function closeWithin(ctx: Ctx, id: string): Promise<void> {
  const deadline = Promise.withResolvers<void>()
  const timer = setTimeout(deadline.resolve, ctx.settings.get('invoiceWaitMs'))
  const closed = finishClosing(ctx, id).catch((error: unknown) => ctx.log.warn({ err: error, sessionId: id }, 'a hold could not be closed yet'))
  await Promise.race([closed, deadline.promise])
  clearTimeout(timer)
}
