import { and, inArray, isNull } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { OPEN_STATES } from './queries.ts'
import { sessions } from './tables.ts'

/** Which of these sessions are not over. */
export async function findOpenAmong(handle: Queryable, sessionIds: readonly string[]): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set()
  const rows = await handle.select({ id: sessions.id }).from(sessions).where(and(inArray(sessions.id, [...sessionIds]), isNull(sessions.endedAt)))
  return new Set(rows.map((row) => row.id))
}

/** Which of these customers have a session that is not over. */
export async function findInSession(handle: Queryable, customerIds: readonly string[]): Promise<Set<string>> {
  if (customerIds.length === 0) return new Set()
  const rows = await handle.select({ id: sessions.customerId }).from(sessions).where(and(isAnyOf(sessions.customerId, customerIds), inArray(sessions.state, [...OPEN_STATES])))
  return new Set(rows.map((row) => row.id))
}
