import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import type { Message } from './contract.ts'

/** Messages after a place, in order; or the last ones before it, in order too. */
export type PageAsk = { conversationId: string; userId: string; limit: number } & ({ afterSeq: number } | { beforeSeq: number })
export type Page = { messages: Message[]; headSeq: number; headChange: number; firstSeq: number; hasMore: boolean }

/** What a page has besides its messages, at most. */
const ENVELOPE_BYTES = 512

type Row = {
  n: string; head_seq: string; head_change: string; first_seq: string | null
  seq: string | null; id: string; client_id: string; sender_id: string; body: string | null; sent_ms: string
}

/**
 * Pages for many askers in one statement, each of its own snapshot with its head; undefined for who is no member.
 * A page has at most `limit` messages and `bytes` of JSON, and at least one message where there is one.
 */
export async function findPages(handle: Queryable, asks: readonly PageAsk[], bytes: number): Promise<(Page | undefined)[]> {
  const people = await findPeople(handle, [...new Set(asks.map((ask) => ask.userId))])
  const given = JSON.stringify(asks.map((ask) => ({
    c: ask.conversationId, u: ask.userId, l: ask.limit + 1, h: people.get(ask.userId)?.historyFrom ?? null,
    a: 'afterSeq' in ask ? ask.afterSeq : null, b: 'beforeSeq' in ask ? ask.beforeSeq : null,
  })))
  const { rows } = await handle.execute<Row>(pagesQuery(given))
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

function pagesQuery(given: string): SQL {
  const columns = sql.raw('seq, id, client_id, sender_id, body, sent_at')
  return sql`
    select g.n, c.head_seq, c.head_change, f.seq as first_seq, x.seq, x.id, x.client_id, x.sender_id, x.body, extract(epoch from x.sent_at) * 1000 as sent_ms
    from rows from (jsonb_to_recordset(${given}::jsonb) as (c uuid, u uuid, l integer, h timestamptz, a bigint, b bigint)) with ordinality as g(c, u, l, h, a, b, n)
    join conversation_members m on m.conversation_id = g.c and m.user_id = g.u
    join conversations c on c.id = g.c and c.created_at >= coalesce(g.h, '-infinity')
    left join lateral (select o.seq from messages o where o.conversation_id = g.c order by o.seq limit 1) f on true
    left join lateral (
      (select ${columns} from messages o where g.a is not null and o.conversation_id = g.c and o.seq > g.a order by o.seq limit g.l)
      union all
      (select ${columns} from messages o where g.b is not null and o.conversation_id = g.c and o.seq < g.b order by o.seq desc limit g.l)
    ) x on true
    order by g.n, x.seq`
}

function toPage(ask: PageAsk, rows: readonly Row[], bytes: number): Page {
  const isBackward = 'beforeSeq' in ask
  const stored = rows.filter((row) => row.seq !== null).map((row) => toMessage(ask.conversationId, row))
  // The page is cut at its far end: the oldest when one reads back, the newest when one catches up.
  const inOrder = isBackward ? stored.toReversed() : stored
  let size = ENVELOPE_BYTES
  let taken = 0
  for (const message of inOrder.slice(0, ask.limit)) {
    size += Buffer.byteLength(JSON.stringify(message)) + 1
    if (size > bytes && taken > 0) break
    taken++
  }
  const messages = inOrder.slice(0, taken)
  const [{ head_seq, head_change, first_seq }] = rows as [Row]
  return {
    messages: isBackward ? messages.toReversed() : messages,
    headSeq: Number(head_seq), headChange: Number(head_change),
    firstSeq: first_seq === null ? Number(head_seq) + 1 : Number(first_seq),
    hasMore: taken < inOrder.length,
  }
}

function toMessage(conversationId: string, row: Row): Message {
  return {
    conversationId, seq: Number(row.seq), id: row.id, clientId: row.client_id, senderId: row.sender_id,
    body: row.body ?? '', sentAt: new Date(Number(row.sent_ms)).toISOString(),
  }
}
