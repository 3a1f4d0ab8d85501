import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'

/** Conversations of one transaction: whoever talks in one of them waits for it. */
const AT_ONCE = 20

/**
 * Takes the words out of everything that a person ever said: each message keeps its place, is deleted, and takes the
 * next change of its conversation, so that the other side learns of it. In batches; answers how many messages it changed.
 * What is erased already is left alone.
 */
export async function eraseMessages(ctx: Ctx, userId: string): Promise<number> {
  let total = 0
  for (;;) {
    const changed = await transact(ctx, async (tx) => {
      // In the order of their ids, as everybody who locks several.
      const { rows } = await tx.sql.execute<{ id: string }>(sql`
        select c.id from conversations c where c.id = any(array(
          select m.conversation_id from conversation_members m where m.user_id = ${userId}
            and exists (select from messages s where s.conversation_id = m.conversation_id and s.sender_id = ${userId} and s.body is not null)
          order by m.conversation_id limit ${AT_ONCE}))
        order by c.id for no key update`)
      if (rows.length === 0) return 0
      const ids = rows.map(({ id }) => id)
      // A statement of its own: it sees what whoever held the locks before has left.
      const erased = await tx.sql.execute<{ n: string }>(sql`
        with found as materialized (
          select m.conversation_id, m.seq, row_number() over (partition by m.conversation_id order by m.seq) as nth
          from messages m where m.conversation_id = any(${sql.param(ids)}::uuid[]) and m.conversation_id between ${ids[0]}::uuid and ${ids.at(-1)}::uuid
            and m.sender_id = ${userId} and m.body is not null),
        changed as (
          update messages m set body = null, deleted_at = coalesce(m.deleted_at, app_now()), change = c.head_change + f.nth
          from found f join conversations c on c.id = f.conversation_id
          where m.conversation_id = f.conversation_id and m.seq = f.seq and m.conversation_id between ${ids[0]}::uuid and ${ids.at(-1)}::uuid),
        moved as (
          update conversations c set head_change = c.head_change + n.most, changed_at = greatest(c.changed_at, app_now()), has_words = false
          from (select conversation_id, max(nth) as most from found group by 1) n where c.id = n.conversation_id),
        forgotten as (delete from message_words w using (select distinct conversation_id from found) f where w.conversation_id = f.conversation_id)
        select count(*) as n from found`)
      return Number(erased.rows[0]!.n)
    })
    if (changed === 0) return total
    total += changed
  }
}
