import { and, inArray, isNull } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { sessions } from './tables.ts'

/** Which of these sessions are not over. */
export async function findOpenAmong(handle: Queryable, sessionIds: readonly string[]): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set()
  const rows = await handle.select({ id: sessions.id }).from(sessions).where(and(inArray(sessions.id, [...sessionIds]), isNull(sessions.endedAt)))
  return new Set(rows.map((row) => row.id))
}
