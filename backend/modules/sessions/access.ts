import type { UserActor } from '../../platform/access.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findSession, type Seen } from './queries.ts'
import type { Session } from './tables.ts'

/** The only way from an id to a session: its customer, or the mitra who serves it. Somebody else's looks missing. */
export async function accessSession(handle: Queryable, actor: UserActor, id: string): Promise<Seen> {
  const seen = await findSession(handle, id)
  if (!seen || !isSideOf(actor, seen.session)) throw new AppError('not_found')
  return seen
}

export function isSideOf(actor: UserActor, session: Session): boolean {
  return actor.kind === 'customer' ? session.customerId === actor.id : session.mitraId === actor.id
}
