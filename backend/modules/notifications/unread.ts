import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import { coalesce, type Coalesced } from '../../platform/coalesce.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { notifications } from './tables.ts'

/** `asOf` orders counts: it is larger in every snapshot that has seen one commit more. */
export type Unread = { count: number; asOf: number }

/** People whose counts one statement finds. */
const MOST = 500

// What a snapshot has seen: all transactions before its end but those that were under way. Snapshots of one server lie
// one within the other, so the number of what was seen is their order; a clock or a counter of ours would not be.
const AS_OF = sql`(select pg_snapshot_xmax(s)::text::bigint - (select count(*) from pg_snapshot_xip(s)) from pg_current_snapshot() s)`

/** How many notices a person has not read: counted from the rows, never kept. */
export async function findUnread(handle: Queryable, userId: string): Promise<Unread> {
  const { rows } = await handle.execute<{ count: string; as_of: string }>(sql`
    select (select count(*) from ${notifications} where ${and(eq(notifications.userId, userId), isNull(notifications.readAt), isNull(notifications.deletedAt))}) as count, ${AS_OF} as as_of`)
  return { count: Number(rows[0]!.count), asOf: Number(rows[0]!.as_of) }
}

const tellers = new WeakMap<Ctx['pool'], Coalesced<string, void>>()

/** Tells the sockets of these people how many are unread now; what is asked for meanwhile is told together. Never throws. */
export function tellUnread(ctx: Ctx, userIds: readonly string[]): void {
  let tell = tellers.get(ctx.pool)
  if (!tell) tellers.set(ctx.pool, (tell = coalesce({ lanes: 1, most: MOST, run: (ids) => tellAll(ctx, ids) })))
  for (const userId of new Set(userIds)) {
    tell(userId).catch((error: unknown) => ctx.log.warn({ err: error, userId }, 'how many are unread could not be told'))
  }
}

async function tellAll(ctx: Ctx, userIds: readonly string[]): Promise<void[]> {
  const { rows } = await ctx.sql.execute<{ user_id: string; count: string; as_of: string }>(sql`
    select p.user_id, count(${notifications.id}), ${AS_OF} as as_of from unnest(${sql.param([...new Set(userIds)])}::uuid[]) as p(user_id)
    left join ${notifications} on ${notifications.userId} = p.user_id and ${notifications.readAt} is null and ${notifications.deletedAt} is null
      and ${isAnyOf(notifications.userId, userIds)}
    group by p.user_id`)
  for (const row of rows) ctx.publish([row.user_id], { type: 'notification:unread', count: Number(row.count), asOf: Number(row.as_of) })
  return userIds.map(() => undefined)
}
