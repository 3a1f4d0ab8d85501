import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { notify } from '../notifications/index.ts'
import { findSpan, spanOf } from './span.ts'

/** The last words before an end are pushed too. */
const AFTER_END_SECONDS = 600

type Row = { conversation_id: string; user_id: string; pushed_seq: string; is_waiting: boolean }

/**
 * Pushes to those who have not received a message `pushAfterSeconds` after it was sent; one push a person and
 * conversation at a time, without its text. Answers how many members it looked after; fewer than `limit`: that was all.
 */
export async function pushUndelivered(ctx: Ctx, limit: number): Promise<number> {
  const span = await findSpan(ctx.sql, sql`select c.id from conversations c join conversation_members m on m.conversation_id = c.id where ${isBehind}`)
  if (span.length === 0) return 0
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<Row>(dueMembers(span, ctx.settings.get('pushAfterSeconds'), limit))
    await notify(tx, rows.filter((row) => row.is_waiting).map((row) => ({
      userId: row.user_id, template: 'message.new', variables: { count: 1 }, dedupeKey: `message:${row.conversation_id}:${row.pushed_seq}`,
      data: { conversationId: row.conversation_id },
    })))
    return rows.length
  })
}

const isBehind = sql`c.writable_until > app_now() - make_interval(secs => ${AFTER_END_SECONDS}) and m.delivered_seq < c.head_seq and m.pushed_seq < c.head_seq`

// Due is whose next message is old enough: asked before the limit, which would else be full of those who just spoke.
// Who has been pushed to and has still not received is left alone as long again: a talk that goes on is no push a message.
// pushed_seq moves also past what needs no push (one's own messages): nothing is looked at twice.
function dueMembers(span: readonly string[], afterSeconds: number, limit: number) {
  const isOld = sql`${spanOf(span)} and o.sent_at <= app_now() - make_interval(secs => ${afterSeconds})`
  const wasJustPushed = sql`m.pushed_seq > m.delivered_seq and exists (
    select from messages o where ${spanOf(span)} and o.conversation_id = c.id and o.seq = m.pushed_seq and o.sender_id <> m.user_id and o.sent_at > app_now() - make_interval(secs => ${2 * afterSeconds})
  )`
  return sql`
    with behind as materialized (
      select m.conversation_id, m.user_id, greatest(m.delivered_seq, m.pushed_seq) as from_seq
      from conversations c join conversation_members m on m.conversation_id = c.id
      cross join lateral (select from messages o where ${isOld} and o.conversation_id = c.id and o.seq = greatest(m.delivered_seq, m.pushed_seq) + 1 limit 1) due
      where ${isBehind} and not (${wasJustPushed})
      limit ${limit} for no key update of m skip locked
    ), due as (
      select b.conversation_id, b.user_id, o.upto, o.is_waiting
      from behind b cross join lateral (
        select max(o.seq) as upto, coalesce(bool_or(o.sender_id <> b.user_id), false) as is_waiting from messages o where ${isOld} and o.conversation_id = b.conversation_id and o.seq > b.from_seq
      ) o
    )
    update conversation_members m set pushed_seq = d.upto from due d
    where m.conversation_id = d.conversation_id and m.user_id = d.user_id
    returning m.conversation_id, m.user_id, m.pushed_seq, d.is_waiting`
}
