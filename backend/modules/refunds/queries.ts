import { and, inArray, sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { refunds } from './tables.ts'

/** Which of these sessions have a refund on its way (decided, without an outcome): their mitras are not paid out meanwhile. */
export async function findOpenRefundsOfSessions(handle: Queryable, sessionIds: readonly string[]): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set()
  // The states are literals: only so does the planner see that `refunds_open` covers them.
  const rows = await handle.selectDistinct({ sessionId: refunds.sessionId }).from(refunds)
    .where(and(inArray(refunds.sessionId, [...sessionIds]), sql`${refunds.state} in ('approved', 'pending')`))
  return new Set(rows.map((row) => row.sessionId))
}
