import { and, eq } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import { findSentUnder } from '../channels/index.ts'
import { notifications } from './tables.ts'

/** Which of these persons have been given a notice with this key already, in the inbox, as a push or as a letter. */
export async function findAlreadyTold(handle: Queryable, dedupeKey: string, userIds: readonly string[]): Promise<Set<string>> {
  const shown = await handle.select({ userId: notifications.userId }).from(notifications).where(and(isAnyOf(notifications.userId, userIds), eq(notifications.dedupeKey, dedupeKey)))
  const sent = await findSentUnder(handle, dedupeKey, userIds)
  return new Set([...shown.map((row) => row.userId), ...sent])
}
