import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { tellUnread } from './unread.ts'

/** Nothing that could give a notice again remembers it for longer. */
const KEY_DAYS = 730

/**
 * Erases the words of notices that are old, and removes their keys long after: until then the same notice, given again,
 * does not come back. Answers how many; fewer than `limit`: that was all.
 */
export async function purgeNotices(ctx: Ctx, limit: number): Promise<number> {
  const emptied = await ctx.sql.execute<{ user_id: string; was_unread: boolean }>(sql`
    update notifications n set title = '', body = '', data = '{}', emptied_at = app_now(), read_at = coalesce(n.read_at, app_now()), deleted_at = coalesce(n.deleted_at, app_now())
    from (
      select id, read_at is null and deleted_at is null as was_unread from notifications where emptied_at is null and created_at < app_now() - make_interval(days => ${ctx.settings.get('inboxDays')})
      order by created_at limit ${limit} for update skip locked) old
    where n.id = old.id returning n.user_id, old.was_unread`)
  tellUnread(ctx, emptied.rows.filter((row) => row.was_unread).map((row) => row.user_id))
  const removed = await ctx.sql.execute(sql`
    delete from notifications where id = any(array(
      select id from notifications where emptied_at < app_now() - make_interval(days => ${KEY_DAYS})
      order by emptied_at limit ${limit} for update skip locked))`)
  return Math.max(emptied.rowCount ?? 0, removed.rowCount ?? 0)
}
