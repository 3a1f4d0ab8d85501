import type { Test } from 'tap'
import type { ChatClient, Stored } from './chat-client.ts'

type Row = { seq: string; client_id: string; sender_id: string | null; body: string | null }
type Queries = { query<R>(text: string, values?: unknown[]): Promise<R[]> }

/**
 * The history checker: acked → stored once; never acked → stored once or never; `seq` dense; what every client has is
 * what the database has, in its order.
 */
export async function checkHistory(t: Test, place: Queries, conversationId: string, clients: readonly ChatClient[]): Promise<void> {
  const rows = await place.query<Row>('select seq, client_id, sender_id, body from messages where conversation_id = $1 order by seq', [conversationId])
  const stored: Stored[] = rows.map((row) => ({ seq: Number(row.seq), clientId: row.client_id, senderId: row.sender_id, body: row.body ?? '' }))
  t.same(stored.map((message) => message.seq), stored.map((_, index) => index + 1), 'seq is dense')
  t.equal(new Set(stored.map((message) => message.clientId)).size, stored.length, 'nothing is stored twice')
  const bySeq = new Map(stored.map((message) => [message.clientId, message.seq]))
  for (const client of clients) {
    t.same([...client.acked].filter(([clientId, seq]) => bySeq.get(clientId) !== seq), [], 'every ack is stored under its seq')
    t.same(client.list, stored, 'a client has what the database has, in its order')
    t.equal(client.outbox.size, 0, 'nothing waits to be sent')
  }
}
