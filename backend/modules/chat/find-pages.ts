import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import type { Change, Message } from './contract.ts'
import { MESSAGE_COLUMNS, toChange, toMessage, type MessageRow } from './message-row.ts'
import { spanOf } from './span.ts'

/** Messages after a place, in order; or the last ones before it, in order too. With `afterChange` also the changes after it. */
export type PageAsk = { conversationId: string; userId: string; limit: number } & ({ afterSeq: number; afterChange?: number | undefined } | { beforeSeq: number })
export type Page = { messages: Message[]; changes: Change[]; headSeq: number; headChange: number; firstSeq: number; hasMore: boolean }

/** What a page has besides its messages and changes, at most. */
const ENVELOPE_BYTES = 512

type Row = { n: string; head_seq: string; head_change: string; first_seq: string | null; part: 'message' | 'change' | null } & MessageRow

/**
 * Pages for many askers in one statement, each of its own snapshot with its head; undefined for who is no member.
 * A page has at most `limit` messages, `limit` changes, and `bytes` of JSON; changes come first, and where there is
 * anything, there is at least one. Of a message that was changed several times the last change is told.
 */
export async function findPages(handle: Queryable, asks: readonly PageAsk[], bytes: number): Promise<(Page | undefined)[]> {
  const people = await findPeople(handle, [...new Set(asks.map((ask) => ask.userId))])
  const given = JSON.stringify(asks.map((ask) => ({
    c: ask.conversationId, u: ask.userId, l: ask.limit + 1, h: people.get(ask.userId)?.historyFrom ?? null,
    a: 'afterSeq' in ask ? ask.afterSeq : null, b: 'beforeSeq' in ask ? ask.beforeSeq : null, e: 'afterSeq' in ask ? ask.afterChange : null,
  })))
  const { rows } = await handle.execute<Row>(pagesQuery(given, spanOf(asks.map((ask) => ask.conversationId))))
  const byAsk = Map.groupBy(rows, (row) => Number(row.n) - 1)
  return asks.map((ask, at) => {
    const found = byAsk.get(at)
    return found === undefined ? undefined : toPage(ask, found, bytes)
  })
}

/** One page. Throws `not_found` to who is no member. */
export async function getPage(handle: Queryable, ask: PageAsk, bytes: number): Promise<Page> {
  const [page] = await findPages(handle, [ask], bytes)
  if (page === undefined) throw new AppError('not_found', 'There is no such conversation.')
  return page
}

function pagesQuery(given: string, span: SQL): SQL {
  return sql`
    select g.n, c.head_seq, c.head_change, f.seq as first_seq, x.*
    from rows from (jsonb_to_recordset(${given}::jsonb) as (c uuid, u uuid, l integer, h timestamptz, a bigint, b bigint, e bigint)) with ordinality as g(c, u, l, h, a, b, e, n)
    join conversation_members m on m.conversation_id = g.c and m.user_id = g.u
    join conversations c on c.id = g.c and c.created_at >= coalesce(g.h, '-infinity')
    left join lateral (select o.seq from messages o where ${span} and o.conversation_id = g.c order by o.seq limit 1) f on true
    left join lateral (
      (select 'message' as part, ${MESSAGE_COLUMNS} from messages o where g.a is not null and ${span} and o.conversation_id = g.c and o.seq > g.a order by o.seq limit g.l)
      union all
      (select 'message', ${MESSAGE_COLUMNS} from messages o where g.b is not null and ${span} and o.conversation_id = g.c and o.seq < g.b order by o.seq desc limit g.l)
      union all
      (select 'change', ${MESSAGE_COLUMNS} from messages o where g.e is not null and ${span} and o.conversation_id = g.c and o.change > g.e order by o.change limit g.l)
    ) x on true
    order by g.n, x.part, case x.part when 'message' then x.seq else x.change end`
}

function toPage(ask: PageAsk, rows: readonly Row[], bytes: number): Page {
  const isBackward = 'beforeSeq' in ask
  const stored = rows.filter((row) => row.part === 'message').map((row) => toMessage(ask.conversationId, row))
  const changed = rows.filter((row) => row.part === 'change').map((row) => toChange(ask.conversationId, row))
  // The page is cut at its far end: the oldest when one reads back, the newest when one catches up.
  const inOrder = isBackward ? stored.toReversed() : stored
  const room = { bytes: bytes - ENVELOPE_BYTES, isEmpty: true }
  const changes = fill(room, changed, ask.limit)
  const messages = fill(room, inOrder, ask.limit)
  const [{ head_seq, head_change, first_seq }] = rows as [Row]
  return {
    messages: isBackward ? messages.toReversed() : messages, changes,
    headSeq: Number(head_seq), headChange: Number(head_change),
    firstSeq: first_seq === null ? Number(head_seq) + 1 : Number(first_seq),
    hasMore: messages.length < inOrder.length || changes.length < changed.length,
  }
}

/** Takes as many as there is room for; the first one of a page in any case. */
function fill<T>(room: { bytes: number; isEmpty: boolean }, items: readonly T[], most: number): T[] {
  const taken: T[] = []
  for (const item of items.slice(0, most)) {
    room.bytes -= Buffer.byteLength(JSON.stringify(item)) + 1
    if (room.bytes < 0 && !room.isEmpty) break
    room.isEmpty = false
    taken.push(item)
  }
  return taken
}
