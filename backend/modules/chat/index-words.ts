import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { databaseErrorCode, transact } from '../../platform/database.ts'
import { spanOf } from './span.ts'

/** Long after the end nothing is sent or edited any more; a deletion only takes words away. */
const AFTER_END_SECONDS = 3600
/** Conversations of one transaction, and messages, so that it ends well before its time is over. */
const AT_ONCE = 50
const MESSAGES_AT_ONCE = 5000
/** One that is longer is set aside: one chunk without words, looked into whenever its turn comes. */
const MESSAGES_MAX = 20_000
/** A chunk ends after so many bytes, each message counting some more: 64 short messages, or fewer long ones. */
const CHUNK_BYTES = 32_768
const MESSAGE_BYTES = 512

/** What one conversation may cause, its length above all (57014: the statement took too long); anything else is the server's or the connection's. */
const OWN_FAULT = /^(22|23|53|54)|^57014$/

type Due = { id: string; headSeq: number }

/**
 * Writes down the words of conversations that are over, for `searchMessages`. Answers how many; fewer than `limit`:
 * that was all. One that fails is set aside as a chunk without words, and the others go on.
 */
export async function indexWords(ctx: Ctx, limit: number): Promise<number> {
  let total = 0
  while (total < limit) {
    const done = await indexSome(ctx, Math.min(AT_ONCE, limit - total))
    total += done
    if (done === 0) break
  }
  return total
}

async function indexSome(ctx: Ctx, limit: number): Promise<number> {
  let due: Due[] = []
  try {
    await transact(ctx, async (tx) => {
      due = []
      due = await lockDue(tx, sql`not c.has_words order by c.writable_until limit ${limit}`)
      await writeWords(tx, due)
    })
  } catch (error) {
    if (due.length === 0 || !OWN_FAULT.test(databaseErrorCode(error) ?? '')) throw error
    for (const { id } of due) await indexOne(ctx, id)
  }
  return due.length
}

async function indexOne(ctx: Ctx, id: string): Promise<void> {
  const byId = sql`not c.has_words and c.id = ${id}`
  try {
    await transact(ctx, async (tx) => writeWords(tx, await lockDue(tx, byId)))
  } catch (error) {
    if (!OWN_FAULT.test(databaseErrorCode(error) ?? '')) throw error
    ctx.log.warn({ err: error, conversationId: id }, 'a conversation has no words: it is looked into as a whole')
    await transact(ctx, async (tx) => setAside(tx, await lockDue(tx, byId)))
  }
}

// The first ones that are few enough messages together; one at least.
async function lockDue(tx: Tx, which: SQL): Promise<Due[]> {
  const { rows } = await tx.sql.execute<{ id: string; head_seq: string }>(sql`
    select l.id, l.head_seq from (
      select c.id, c.head_seq, c.writable_until from conversations c
      where c.writable_until < app_now() - make_interval(secs => ${AFTER_END_SECONDS}) and ${which} for no key update skip locked
    ) l order by l.writable_until`)
  let messages = 0
  return rows.map((row) => ({ id: row.id, headSeq: Number(row.head_seq) })).filter(({ headSeq }, at) => (messages += Math.min(headSeq, MESSAGES_MAX)) <= MESSAGES_AT_ONCE || at === 0)
}

async function writeWords(tx: Tx, due: readonly Due[]): Promise<void> {
  const short = due.filter(({ headSeq }) => headSeq <= MESSAGES_MAX).map(({ id }) => id)
  await setAside(tx, due.filter(({ headSeq }) => headSeq > MESSAGES_MAX))
  if (short.length === 0) return
  const all = sql`${sql.param(short)}::uuid[]`
  // One whose end was moved after it had been done.
  await tx.sql.execute(sql`delete from message_words where conversation_id = any(${all})`)
  await tx.sql.execute(sql`
    insert into message_words (conversation_id, first_seq, last_seq, words)
    select x.conversation_id, min(x.seq), max(x.seq), coalesce(array_to_tsvector(array_agg(distinct w.lexeme) filter (where w.lexeme is not null)), '')
    from (
      select o.conversation_id, o.seq, o.body,
        sum(octet_length(o.body) + ${MESSAGE_BYTES}::integer) over (partition by o.conversation_id order by o.seq) / ${CHUNK_BYTES}::integer as chunk
      from messages o
      where ${spanOf(short)} and o.conversation_id = any(${all}) and o.sender_id is not null and o.body is not null
    ) x left join lateral unnest(to_tsvector('simple', lower(x.body))) w on true
    group by x.conversation_id, x.chunk`)
  await tx.sql.execute(sql`update conversations set has_words = true where id = any(${all})`)
}

// All of it is one chunk without words.
async function setAside(tx: Tx, due: readonly Due[]): Promise<void> {
  if (due.length === 0) return
  const all = sql`${sql.param(due.map(({ id }) => id))}::uuid[]`
  await tx.sql.execute(sql`delete from message_words where conversation_id = any(${all})`)
  await tx.sql.execute(sql`
    with done as (update conversations set has_words = true where id = any(${all}) returning id, head_seq)
    insert into message_words (conversation_id, first_seq, last_seq) select id, 1, head_seq from done`)
}
