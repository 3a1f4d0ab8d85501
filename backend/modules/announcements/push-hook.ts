import { and, eq, inArray } from '../../platform/drizzle.ts'
import type { PushHook } from '../channels/index.ts'
import { announcements } from './tables.ts'

/** Right before their call: pushes of an announcement that was cancelled are not sent any more. */
export const announcementPushHook: PushHook = async (ctx, pushes) => {
  const ids = [...new Set(pushes.flatMap(({ data }) => data['announcementId'] ?? []))]
  if (ids.length === 0) return new Map()
  const cancelled = await ctx.sql.select({ id: announcements.id }).from(announcements).where(and(inArray(announcements.id, ids), eq(announcements.state, 'cancelled')))
  const over = new Set(cancelled.map((row) => row.id))
  return new Map(pushes.flatMap((push) => (over.has(push.data['announcementId'] ?? '') ? [[push.id, { drop: 'cancelled' }] as const] : [])))
}
