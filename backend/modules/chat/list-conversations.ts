import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { findPeople } from '../identity/index.ts'
import { changeStream } from './change-message.ts'
import type { ConversationView } from './contract.ts'
import { spanOf } from './span.ts'

const NEWEST = 50
/** So far back a conversation that is still open is looked for: a person never has this many newer ones. */
const OPEN_AMONG = 200

type Row = {
  user_id: string; id: string; head_seq: string; head_change: string; read_seq: string; peer_read_seq: string; peer_delivered_seq: string; is_open: boolean; open_ms: string; n: string
  writable_ms: string; head_ms: string | null; created_ms: string; members: string[]
}
export type ReadyConversation = Pick<ConversationView, 'id' | 'headSeq' | 'headChange' | 'readSeq' | 'peerReadSeq' | 'peerDeliveredSeq'>
export type ReadyConversations = { conversations: ReadyConversation[]; hasMore: boolean; streams: { stream: string; seq: number }[] }

/**
 * Each person's open conversations and the 50 newest: their part of `ready`, and where those stand whose messages may
 * still change (`changeableSeconds` after their end).
 */
export async function readyConversations(handle: Queryable, userIds: readonly string[], changeableSeconds: number): Promise<Map<string, ReadyConversations>> {
  const rows = await findRows(handle, userIds, { limit: OPEN_AMONG, condition: sql`and (t.n <= ${NEWEST + 1} or t.is_open)` })
  const byUser = Map.groupBy(rows, (row) => row.user_id)
  return new Map(userIds.map((userId) => {
    const found = byUser.get(userId) ?? []
    const shown = found.filter((row) => Number(row.n) <= NEWEST || row.is_open)
    return [userId, {
      conversations: shown.map((row) => ({ id: row.id, headSeq: Number(row.head_seq), headChange: Number(row.head_change), readSeq: Number(row.read_seq), peerReadSeq: Number(row.peer_read_seq), peerDeliveredSeq: Number(row.peer_delivered_seq) })),
      hasMore: found.some((row) => Number(row.n) > NEWEST),
      streams: shown.filter((row) => Number(row.open_ms) > -changeableSeconds * 1000).flatMap(streamsOf),
    }]
  }))
}

// Changes count from 1: where there were none, nothing has to be noted.
function streamsOf({ id, head_seq, head_change }: Row): { stream: string; seq: number }[] {
  const messages = { stream: id, seq: Number(head_seq) }
  return head_change === '0' ? [messages] : [messages, { stream: changeStream(id), seq: Number(head_change) }]
}

/** Where each person's open conversations stand: their part of the heartbeat. */
export async function openHeads(handle: Queryable, userIds: readonly string[]): Promise<Map<string, { id: string; headSeq: number; headChange: number }[]>> {
  const { rows } = await handle.execute<{ user_id: string; id: string; head_seq: string; head_change: string }>(sql`
    select u.user_id, c.id, c.head_seq, c.head_change
    from unnest(${sql.param([...userIds])}::uuid[]) as u(user_id)
    cross join lateral (select m.conversation_id from conversation_members m where m.user_id = u.user_id order by m.conversation_id desc limit ${OPEN_AMONG}) m
    join conversations c on c.id = m.conversation_id and c.writable_until > app_now()`)
  const heads = new Map<string, { id: string; headSeq: number; headChange: number }[]>(userIds.map((userId) => [userId, []]))
  for (const row of rows) heads.get(row.user_id)!.push({ id: row.id, headSeq: Number(row.head_seq), headChange: Number(row.head_change) })
  return heads
}

/** A person's conversations, newest first. */
export async function listConversations(handle: Queryable, userId: string, page: { limit: number; cursor?: string | undefined }): Promise<{ items: ConversationView[]; nextCursor: string | null }> {
  const rows = await findRows(handle, [userId], { limit: page.limit + 1, before: page.cursor })
  const items = rows.slice(0, page.limit).map(toView)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)?.id ?? null : null }
}

async function findRows(handle: Queryable, userIds: readonly string[], options: { limit: number; before?: string | undefined; condition?: SQL }): Promise<Row[]> {
  const people = await findPeople(handle, userIds)
  const given = JSON.stringify(userIds.map((userId) => ({ u: userId, h: people.get(userId)?.historyFrom ?? null })))
  const { rows } = await handle.execute<Row>(sql`
    select t.user_id, t.n, t.id, t.head_seq, t.head_change, t.is_open, t.open_ms, t.writable_ms, t.head_ms, t.created_ms, t.read_seq,
      p.read_seq as peer_read_seq, p.delivered_seq as peer_delivered_seq, p.members
    from (
      select g.u as user_id, m.n, m.read_seq, c.id, c.head_seq, c.head_change, c.writable_until > app_now() as is_open,
        extract(epoch from c.writable_until - app_now()) * 1000 as open_ms, extract(epoch from c.writable_until) * 1000 as writable_ms, extract(epoch from c.head_at) * 1000 as head_ms, extract(epoch from c.created_at) * 1000 as created_ms
      from jsonb_to_recordset(${given}::jsonb) as g(u uuid, h timestamptz)
      cross join lateral (
        select o.conversation_id, o.read_seq, row_number() over (order by o.conversation_id desc) as n
        from conversation_members o where o.user_id = g.u ${options.before === undefined ? sql`` : sql`and o.conversation_id < ${options.before}`}
        order by o.conversation_id desc limit ${options.limit}
      ) m
      join conversations c on c.id = m.conversation_id and c.created_at >= coalesce(g.h, '-infinity')
    ) t
    cross join lateral (
      select coalesce(min(o.read_seq) filter (where o.user_id <> t.user_id), 0) as read_seq,
        coalesce(min(o.delivered_seq) filter (where o.user_id <> t.user_id), 0) as delivered_seq, array_agg(o.user_id order by o.user_id) as members
      from conversation_members o where o.conversation_id = t.id
    ) p
    where true ${options.condition ?? sql``}
    order by t.user_id, t.n`)
  await readFurther(handle, rows)
  return rows
}

// A person's own messages count as read by that person: what was read ends before the first message of somebody else.
// A statement of its own, which can say in which partitions it looks; up to the heads of the first one.
async function readFurther(handle: Queryable, rows: readonly Row[]): Promise<void> {
  const behind = rows.filter((row) => Number(row.read_seq) < Number(row.head_seq))
  if (behind.length === 0) return
  const given = JSON.stringify(behind.map((row) => ({ c: row.id, u: row.user_id, r: row.read_seq, h: row.head_seq })))
  const { rows: unread } = await handle.execute<{ n: string; seq: string }>(sql`
    select g.n, f.seq from rows from (jsonb_to_recordset(${given}::jsonb) as (c uuid, u uuid, r bigint, h bigint)) with ordinality as g(c, u, r, h, n)
    cross join lateral (
      select o.seq from messages o where ${spanOf(behind.map((row) => row.id))} and o.conversation_id = g.c and o.seq > g.r and o.seq <= g.h and o.sender_id <> g.u order by o.seq limit 1
    ) f`)
  for (const row of behind) row.read_seq = row.head_seq
  for (const { n, seq } of unread) behind[Number(n) - 1]!.read_seq = String(Number(seq) - 1)
}

function toView(row: Row): ConversationView {
  const time = (ms: string) => new Date(Number(ms)).toISOString()
  return {
    id: row.id, headSeq: Number(row.head_seq), headChange: Number(row.head_change), readSeq: Number(row.read_seq), peerReadSeq: Number(row.peer_read_seq), peerDeliveredSeq: Number(row.peer_delivered_seq),
    memberIds: row.members, isWritable: row.is_open, writableUntil: time(row.writable_ms), lastMessageAt: row.head_ms === null ? null : time(row.head_ms), createdAt: time(row.created_ms),
  }
}
