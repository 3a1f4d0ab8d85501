import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { spanOf } from './span.ts'

export type Unseen = {
  userId: string
  conversationId: string
  /** How far any device of theirs has received, and read. */
  deliveredSeq: number
  readSeq: number
  /** Messages of the others after that, 100 at most. */
  count: number
  /** The newest of them. */
  last: { senderId: string; body: string } | undefined
}

/** What has not reached these members yet, in one statement; who is no member is left out. */
export async function findUnseen(handle: Queryable, members: readonly { userId: string; conversationId: string }[]): Promise<Unseen[]> {
  if (members.length === 0) return []
  type Row = { user_id: string; conversation_id: string; delivered_seq: string; read_seq: string; count: number; sender_id: string | null; body: string | null }
  const { rows } = await handle.execute<Row>(sql`
    select m.user_id, m.conversation_id, m.delivered_seq, m.read_seq, n.count, n.sender_id, n.body
    from jsonb_to_recordset(${JSON.stringify(members.map(({ userId, conversationId }) => ({ u: userId, c: conversationId })))}::jsonb) as a(u uuid, c uuid)
    join conversation_members m on m.conversation_id = a.c and m.user_id = a.u
    cross join lateral (
      select count(*)::integer as count, (array_agg(s.sender_id order by s.seq desc))[1] as sender_id, (array_agg(s.body order by s.seq desc))[1] as body
      from (
        select o.seq, o.sender_id, o.body from messages o
        where ${spanOf(members.map((member) => member.conversationId))} and o.conversation_id = m.conversation_id and o.seq > greatest(m.delivered_seq, m.read_seq)
          and o.sender_id <> m.user_id and o.deleted_at is null
        order by o.seq desc limit 100
      ) s
    ) n`)
  return rows.map((row) => ({
    userId: row.user_id, conversationId: row.conversation_id, deliveredSeq: Number(row.delivered_seq), readSeq: Number(row.read_seq), count: row.count,
    last: row.sender_id !== null && row.body !== null ? { senderId: row.sender_id, body: row.body } : undefined,
  }))
}
