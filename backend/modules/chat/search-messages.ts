import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import type { FoundMessage } from './contract.ts'
import { MESSAGE_COLUMNS, toMessage, type MessageRow } from './message-row.ts'
import { findSpan, spanOf } from './span.ts'
import { exactQuery, highlightsOf, looseQuery, splitQuery, type Words } from './search-words.ts'

/** A page looks into so many conversations and reads so many messages at most; then it is handed over as it is. */
const CONVERSATIONS_MAX = 3000
const MESSAGES_MAX = 2000
/** Above every id and place. */
const NEWEST = { conversationId: 'ffffffff-ffff-ffff-ffff-ffffffffffff', seq: Number.MAX_SAFE_INTEGER }

export type Search = { q: string; conversationId?: string | undefined; cursor?: string | undefined; limit: number }
type Place = { conversationId: string; seq: number }

/**
 * Messages of one's own conversations that have all these words, the last one perhaps unfinished; newest conversation
 * first, in it the newest message. As they are now: what was edited by its present text, nothing deleted, nothing of the
 * system. A page may be short, even empty, and have a `nextCursor` all the same. Throws `not_found` to who is no member.
 */
export async function searchMessages(ctx: Ctx, userId: string, search: Search): Promise<{ items: FoundMessage[]; nextCursor: string | null }> {
  const words = await readWords(ctx.sql, search.q)
  const historyFrom = (await findPeople(ctx.sql, [userId])).get(userId)?.historyFrom ?? null
  const after = search.cursor === undefined ? NEWEST : toPlace(search.cursor)
  // Known beforehand, all other months are left out.
  const span = await findSpan(ctx.sql, sql`select conversation_id as id from (${considered(userId, { ...search, after, historyFrom })}) c`)
  if (span.length === 0) {
    if (search.conversationId !== undefined) throw new AppError('not_found', 'There is no such conversation.')
    return { items: [], nextCursor: null }
  }
  const rows = await findRows(ctx.sql, userId, { ...search, words, after, historyFrom, span })
  const [end] = rows.filter((row) => row.part === 'end')
  const found = rows.filter((row) => row.part === 'found')
  const items = fill(found.slice(0, search.limit).map((row): FoundMessage => {
    const message = toMessage(row.conversation_id!, row)
    return { ...message, highlights: highlightsOf(message.body, words) }
  }), ctx.settings.get('historyPageBytes'))
  const last = items.at(-1)
  if (last !== undefined && items.length < found.length) return { items, nextCursor: `${last.conversationId}.${last.seq}` }
  // What was not looked into any more begins below the place where this page ended.
  return { items, nextCursor: end?.conversation_id == null ? null : `${end.conversation_id}.${end.seq}` }
}

function toPlace(cursor: string): Place {
  const [conversationId = '', seq] = cursor.split('.')
  return { conversationId, seq: Number(seq) }
}

// Postgres's own parser says what the words are, for the text and for the query alike. Its own lower case knows ASCII
// only where the cluster's character type is C; lower() goes by the collation.
async function readWords(handle: Queryable, text: string): Promise<Words> {
  const { whole, begun } = splitQuery(text)
  const { rows } = await handle.execute<{ whole: string[]; begun: string[] }>(sql`
    select tsvector_to_array(to_tsvector('simple', lower(${whole.join(' ')}))) as whole, tsvector_to_array(to_tsvector('simple', lower(${begun ?? ''}))) as begun`)
  return rows[0] ?? { whole: [], begun: [] }
}

type Row = { part: 'found' | 'end'; conversation_id: string | null } & MessageRow
type Considered = Search & { after: Place; historyFrom: Date | null; span?: readonly string[] }
type Asked = Considered & { words: Words; span: readonly string[] }

/*
 * - considered: the newest of one's conversations from the cursor on;
 * - scanned: their messages, from chunks that can have a hit and from conversations that have no chunks yet; laterals
 *   with limits, so that all is read by keys, newest first, and only as far as somebody asks;
 * - found: the hits; end: where this page stopped looking, if it did before the end.
 */
async function findRows(handle: Queryable, userId: string, asked: Asked): Promise<Row[]> {
  const { after, words, limit } = asked
  const isEmpty = words.whole.length + words.begun.length === 0
  const { rows } = await handle.execute<Row>(sql`
    with asked as materialized (select ${isEmpty ? '' : looseQuery(words)}::tsquery as loose, to_tsquery('simple', lower(${isEmpty ? '' : exactQuery(asked.q)})) as exact),
    considered as materialized (${considered(userId, asked)}),
    scanned as materialized (
      select o.*, m.conversation_id as of_conversation
      from considered m
      cross join lateral (
        select w.first_seq, w.last_seq from message_words w
        where m.has_words and w.conversation_id = m.conversation_id and (w.words is null or w.words @@ (select loose from asked))
        union all
        select 1, m.head_seq where not m.has_words
        offset 0
      ) k
      cross join lateral (
        select * from messages o
        where ${spanOf(asked.span)} and o.conversation_id = m.conversation_id and o.seq between k.first_seq and k.last_seq and o.sender_id is not null and o.body is not null
          and (m.conversation_id < ${after.conversationId}::uuid or o.seq < ${after.seq}::bigint)
        order by o.seq desc limit ${MESSAGES_MAX}
      ) o
      order by m.conversation_id desc, o.seq desc limit ${MESSAGES_MAX}
    ),
    found as materialized (
      select o.* from scanned o where ${hasLetters(words)} and to_tsvector('simple', lower(o.body)) @@ (select exact from asked) limit ${isEmpty ? 0 : limit + 1}
    )
    select 'found' as part, o.conversation_id, ${MESSAGE_COLUMNS} from found o
    union all
    select 'end', e.conversation_id, e.seq, null, null, null, null, null, null, null, null, null, null
    from (select 1) one left join lateral (
      (select o.conversation_id, o.seq from scanned o where ${!isEmpty} and (select count(*) from found) <= ${limit} offset ${MESSAGES_MAX - 1} limit 1)
      union all
      (select c.conversation_id, 0 from considered c where ${!isEmpty} offset ${CONVERSATIONS_MAX - 1} limit 1)
      limit 1
    ) e on true`)
  return rows
}

// A word stands in its text as it is: looking for its letters costs a hundredth of taking the text to pieces.
function hasLetters({ whole, begun }: Words): SQL {
  return sql.join([sql`true`, ...[...whole, ...begun].map((word) => sql`strpos(lower(o.body), ${word}) > 0`)], sql` and `)
}

function considered(userId: string, { after, historyFrom, conversationId, span }: Considered): SQL {
  return sql`
    select m.conversation_id, c.head_seq, c.has_words
    from (
      select o.conversation_id from conversation_members o
      where o.user_id = ${userId} and o.conversation_id <= ${after.conversationId}::uuid ${conversationId === undefined ? sql`` : sql`and o.conversation_id = ${conversationId}::uuid`} ${span === undefined ? sql`` : sql`and ${spanOf(span)}`}
      order by o.conversation_id desc limit ${CONVERSATIONS_MAX}
    ) m
    cross join lateral (
      select x.head_seq, x.has_words from conversations x where x.id = m.conversation_id and x.created_at >= coalesce(${historyFrom}::timestamptz, '-infinity') limit 1
    ) c
    order by m.conversation_id desc`
}

function fill(items: readonly FoundMessage[], bytes: number): FoundMessage[] {
  let size = 0
  const taken = items.findIndex((item, at) => (size += Buffer.byteLength(JSON.stringify(item)) + 1) > bytes && at > 0)
  return taken === -1 ? [...items] : items.slice(0, taken)
}
