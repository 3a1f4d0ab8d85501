import type { Queryable } from '../../platform/database.ts'
import { findPeople } from '../identity/index.ts'
import { erasures } from './tables.ts'

/**
 * After a backup was restored: asks anew for erasures that it knows nothing of. The service finishes them as soon as
 * nothing of theirs is open, and calls none off for money. Answers how many it asked for; who is unknown or erased is none.
 */
export async function eraseAgain(handle: Queryable, userIds: readonly string[]): Promise<number> {
  const people = [...(await findPeople(handle, userIds)).values()].filter((person) => person.erasedAt === null)
  if (people.length === 0) return 0
  const asked = await handle.insert(erasures).values(people.map(({ id }) => ({ userId: id, forfeit: true, askedByKind: 'operator' as const, reason: 'a backup was restored' })))
    .onConflictDoNothing().returning({ userId: erasures.userId })
  return asked.length
}
