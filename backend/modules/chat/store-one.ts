import type { Pool } from 'pg'
import { askHot } from './hot-pool.ts'
import type { NewMessage, StoredMessage } from './store-messages.ts'

/** Another replica's batch has its locks for as long as a commit takes; who has one for longer than this is not waited for. */
export const LOCK_MS = 250

/*
 * The quiet case, one new message alone: the same rules as for many in a statement of half the cost. It locks the
 * conversation by moving its head; where that may not be (no member, closed, a repeat) nothing comes back, and the
 * statement for many finds out why. A repeat that is committed while this waits meets the unique key, as there.
 */
const STORE_ONE = `
with moved as (
  update conversations c set head_seq = c.head_seq + 1, head_at = greatest(c.head_at, app_now())
  where c.id = $1 and app_now() < c.writable_until and (select set_config('lock_timeout', '${LOCK_MS}', true) is not null)
    and exists (select from conversation_members m where m.conversation_id = $1 and m.user_id = $2)
    and not exists (select from messages o where o.conversation_id = $1 and o.sender_id = $2 and o.client_id = $3)
  returning c.head_seq, c.head_at
)
insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at)
select $1, head_seq, $4, $3, $2, $5, head_at from moved
returning seq::float8, (extract(epoch from sent_at) * 1000)::float8 as at`

/** Stores one new message; undefined where it is none or may not be stored. Throws what Postgres threw; then it is not known to be stored. */
export async function storeOne(pool: Pool, { conversationId, senderId, clientId, id, body }: NewMessage): Promise<StoredMessage | undefined> {
  const [row] = await askHot<{ seq: number; at: number }>(pool, 'chat-store-one', STORE_ONE, [conversationId, senderId, clientId, id, body])
  return row && { id, seq: row.seq, body, sentAtMs: row.at, isRepeat: false }
}
