import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Circle, Circles } from '../../platform/realtime/parts.ts'
import { listenForConversations } from './members.ts'

/** So far back a person's open conversations are looked for. */
const OPEN_AMONG = 200

/** Who shares an open conversation with whom, for their presence. */
export function conversationCircles(ctx: Ctx): Circles {
  return {
    find: (whose) => findCircles(ctx, sql`c.writable_until > app_now() ${whose === 'all' ? sql`` : sql`and ${isOf(whose.userIds)}`}`),
    read: (ids) => findCircles(ctx, sql`c.id = any(${sql.param([...ids])}::uuid[])`),
    onChanged: (listener) => listenForConversations(ctx, listener),
  }
}

function isOf(userIds: readonly string[]): SQL {
  return sql`c.id in (
    select m.conversation_id from unnest(${sql.param([...userIds])}::uuid[]) as u(user_id)
    cross join lateral (select o.conversation_id from conversation_members o where o.user_id = u.user_id order by o.conversation_id desc limit ${OPEN_AMONG}) m)`
}

async function findCircles(ctx: Ctx, condition: SQL): Promise<Circle[]> {
  const { rows } = await ctx.sql.execute<{ id: string; open_ms: string; members: string[] }>(sql`
    select c.id, extract(epoch from c.writable_until - app_now()) * 1000 as open_ms, array_agg(m.user_id) as members
    from conversations c join conversation_members m on m.conversation_id = c.id where ${condition} group by c.id`)
  const now = performance.now()
  return rows.map((row) => ({ id: row.id, memberIds: row.members, untilMs: now + Number(row.open_ms) }))
}
