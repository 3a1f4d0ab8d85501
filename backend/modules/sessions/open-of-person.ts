import { and, eq, inArray, isNull, or } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { cancelSession } from './cancel-session.ts'
import { OPEN_STATES } from './queries.ts'
import { sessions, type Session } from './tables.ts'

export type OpenSession = Pick<Session, 'id' | 'state' | 'closingAt'>

/** Sessions that are not over: a customer's own; a mitra's by slot, by service, or because they wait for this mitra alone. */
export async function findOpenOfPerson(handle: Queryable, userId: string): Promise<OpenSession[]> {
  return handle.select({ id: sessions.id, state: sessions.state, closingAt: sessions.closingAt }).from(sessions).where(and(
    inArray(sessions.state, [...OPEN_STATES]),
    or(eq(sessions.customerId, userId), eq(sessions.slotMitraId, userId), eq(sessions.mitraId, userId), and(eq(sessions.namedMitraId, userId), eq(sessions.anyMitra, false), isNull(sessions.acceptedAt))),
  ))
}

/** Gives up for a customer what has not begun, as they would; a hold that closes already is left to its end. */
export async function cancelWaiting(ctx: Ctx, customerId: string): Promise<void> {
  const [open] = await findOpenOfPerson(ctx.sql, customerId)
  if (!open || open.closingAt !== null || !['queued', 'held', 'ringing'].includes(open.state)) return
  await cancelSession(ctx, { kind: 'customer', id: customerId, signInId: '' }, open.id)
}
