import { sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { spanOf } from './span.ts'

/** Long after the end nothing is sent or edited any more; a deletion only takes words away. */
const AFTER_END_SECONDS = 3600
/** Conversations of one transaction. */
const AT_ONCE = 50
/** One that is longer is one chunk without words: to be looked into whenever its turn comes. */
const MESSAGES_MAX = 20_000
/** A chunk ends after so many bytes, each message counting some more: 64 short messages, or fewer long ones. */
const CHUNK_BYTES = 32_768
const MESSAGE_BYTES = 512

/** Writes down the words of conversations that are over, for `searchMessages`. Answers how many; fewer than `limit`: that was all. */
export async function indexWords(ctx: Ctx, limit: number): Promise<number> {
  let total = 0
  while (total < limit) {
    const done = await transact(ctx, (tx) => indexSome(tx, Math.min(AT_ONCE, limit - total)))
    total += done
    if (done === 0) break
  }
  return total
}

async function indexSome(tx: Tx, limit: number): Promise<number> {
  const { rows } = await tx.sql.execute<{ id: string; head_seq: string }>(sql`
    select c.id, c.head_seq from conversations c
    where not c.has_words and c.writable_until < app_now() - make_interval(secs => ${AFTER_END_SECONDS})
    order by c.writable_until limit ${limit} for no key update skip locked`)
  if (rows.length === 0) return 0
  const all = sql`${sql.param(rows.map((row) => row.id))}::uuid[]`
  const short = rows.filter((row) => Number(row.head_seq) <= MESSAGES_MAX).map((row) => row.id)
  // One whose end was moved after it had been done.
  await tx.sql.execute(sql`delete from message_words where conversation_id = any(${all})`)
  await tx.sql.execute(sql`
    insert into message_words (conversation_id, first_seq, last_seq, words)
    select x.conversation_id, min(x.seq), max(x.seq), coalesce(array_to_tsvector(array_agg(distinct w.lexeme) filter (where w.lexeme is not null)), '')
    from (
      select o.conversation_id, o.seq, o.body,
        sum(octet_length(o.body) + ${MESSAGE_BYTES}::integer) over (partition by o.conversation_id order by o.seq) / ${CHUNK_BYTES}::integer as chunk
      from messages o
      where ${spanOf(short)} and o.conversation_id = any(${sql.param(short)}::uuid[]) and o.sender_id is not null and o.body is not null
    ) x left join lateral unnest(to_tsvector('simple', lower(x.body))) w on true
    group by x.conversation_id, x.chunk`)
  await tx.sql.execute(sql`
    with done as (update conversations set has_words = true where id = any(${all}) returning id, head_seq)
    insert into message_words (conversation_id, first_seq, last_seq) select id, 1, head_seq from done where head_seq > ${MESSAGES_MAX}`)
  return rows.length
}
