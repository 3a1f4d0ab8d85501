import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Message } from './contract.ts'

/** What happened, as a code and its data: each app says it in its own language. */
export type SystemMessage = { code: string; data: Record<string, unknown> }

/**
 * Adds a message that nobody sent, at the next place of `seq`, in the transaction of what it tells of; members get it
 * after the commit. A conversation that is closed takes it too: its end has to be told.
 */
export async function addSystemMessage(tx: Tx, conversationId: string, { code, data }: SystemMessage): Promise<void> {
  const id = tx.ids.next()
  const { rows } = await tx.sql.execute<{ head_seq: string; sent_ms: string; members: string[] }>(sql`
    with moved as (
      update conversations c set head_seq = c.head_seq + 1, head_at = greatest(c.head_at, app_now()), changed_at = greatest(c.changed_at, app_now())
      where c.id = ${conversationId} returning c.id, c.head_seq, c.head_at
    ), stored as (
      insert into messages (conversation_id, seq, id, client_id, sent_at, code, data)
      select v.id, v.head_seq, ${id}, ${id}, v.head_at, ${code}, ${JSON.stringify(data)}::jsonb from moved v
    )
    select v.head_seq, extract(epoch from v.head_at) * 1000 as sent_ms, (select array_agg(m.user_id) from conversation_members m where m.conversation_id = v.id) as members from moved v`)
  const [row] = rows
  if (row === undefined) throw new Error('a system message needs a conversation')
  const seq = Number(row.head_seq)
  const message: Message = {
    conversationId, seq, id, clientId: id, senderId: null, body: '', sentAt: new Date(Number(row.sent_ms)).toISOString(), kind: 'system', code, data,
  }
  tx.afterCommit((ctx) => ctx.publish(row.members, { type: 'message:received', ...message }, { position: { stream: conversationId, seq } }))
}
