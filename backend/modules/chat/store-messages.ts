import type { Pool } from 'pg'
import { askHot } from './hot-pool.ts'
import type { Flag } from './screened.ts'
import { LOCK_MS, storeOne } from './store-one.ts'

export type NewMessage = { conversationId: string; senderId: string; clientId: string; id: string; body: string; flag: Flag | undefined }
/** `id`, `body` and `sentAtMs` are those of the first send where this one repeats it. */
export type StoredMessage = { id: string; seq: number; body: string; sentAtMs: number; isRepeat: boolean }
/** `held`: somebody else has the conversation locked. Undefined: the sender is no member, or the conversation is closed. */
export type Stored = StoredMessage | 'held' | undefined

/*
 * One statement, one round trip, one commit for any number of sends:
 * - given: the sends, each with what it repeats and whether its sender is a member;
 * - locked: the conversations of those to store that may be written to, locked in the order of their ids, so that two
 *   replicas never wait in a circle. Replicas wait for each other in turn, but not for long (LOCK_MS: a lock reads the
 *   limit when it begins to wait, which is after `patience`); or not at all: what is locked is then told as held;
 * - moved: their heads, n places further (head_at never goes back);
 * - numbered, stored: the messages at the places that were won;
 * - flagged: what screening found in them; only a batch that has something of it runs the statement with this part.
 * A repeat that another replica commits while this statement waits for its lock is not in this snapshot: the unique
 * key then refuses the whole batch, nothing is stored and no place is lost; tried again, it finds the repeat.
 * $6 and $7 are the least and the greatest conversation: partitions outside are left out before the statement starts.
 * Laterals and not plain joins: rows are reached one by one through their keys, in order, whatever is planned.
 */
const storeStatement = (locks: 'wait' | 'skip', flags: 'plain' | 'flagged') => `
with given as materialized (
  select g.conversation_id, g.sender_id, g.client_id, g.id, g.body, g.n, o.seq as old_seq, o.id as old_id, o.body as old_body, o.sent_at as old_at, m.user_id is not null as is_member
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) with ordinality as g(conversation_id, sender_id, client_id, id, body, n)
  left join lateral (
    select * from messages x where x.conversation_id between $6::uuid and $7::uuid and x.conversation_id = g.conversation_id and x.sender_id = g.sender_id and x.client_id = g.client_id limit 1
  ) o on true
  left join lateral (select * from conversation_members x where x.conversation_id = g.conversation_id and x.user_id = g.sender_id limit 1) m on true
), grouped as (
  select conversation_id, count(*) as sends, array_agg(n order by n) as ns, array_agg(sender_id order by n) as senders,
    array_agg(client_id order by n) as clients, array_agg(id order by n) as ids, array_agg(body order by n) as bodies
  from given where old_seq is null and is_member group by conversation_id
), ${locks === 'wait' ? `patience as materialized (
  select set_config('lock_timeout', '${LOCK_MS}', true) is not null as is_set
), ` : ''}locked as materialized (
  select k.* from (select * from grouped order by conversation_id) k
  cross join lateral (
    select from conversations c where c.id = k.conversation_id and app_now() < c.writable_until ${locks === 'wait' ? 'and (select is_set from patience) for no key update' : 'for no key update skip locked'}
  ) c
), moved as (
  update conversations c set head_seq = c.head_seq + k.sends, head_at = greatest(c.head_at, app_now())
  from locked k where c.id = k.conversation_id and app_now() < c.writable_until
  returning c.id as conversation_id, c.head_seq - k.sends as base, c.head_at, k.ns, k.senders, k.clients, k.ids, k.bodies
), numbered as materialized (
  select v.conversation_id, v.base + s.i as seq, s.id, s.client_id, s.sender_id, s.body, v.head_at as sent_at, s.n
  from moved v, unnest(v.ns, v.ids, v.clients, v.senders, v.bodies) with ordinality as s(n, id, client_id, sender_id, body, i)
), stored as (
  insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at)
  select conversation_id, seq, id, client_id, sender_id, body, sent_at from numbered
)${flags === 'plain' ? '' : `, flagged as (
  insert into message_flags (conversation_id, seq, sender_id, kinds, body, sent_at)
  select s.conversation_id, s.seq, s.sender_id, f.kinds, f.body, s.sent_at
  from numbered s, unnest($8::text[], $9::text[]) with ordinality as f(kinds, body, n) where f.n = s.n and f.kinds is not null
)`}
select n::int4, seq::float8, (extract(epoch from sent_at) * 1000)::float8 as at, null as id, null as body from numbered
union all
select n::int4, old_seq::float8, (extract(epoch from old_at) * 1000)::float8, old_id::text, coalesce(old_body, '') from given where old_seq is not null and is_member${locks === 'wait' ? '' : `
union all
select u.n::int4, null, null, null, null from grouped k cross join lateral unnest(k.ns) as u(n)
where not exists (select from locked l where l.conversation_id = k.conversation_id)
  and exists (select from conversations c where c.id = k.conversation_id and app_now() < c.writable_until)`}`

const STATEMENTS = {
  plain: { wait: { name: 'chat-store', text: storeStatement('wait', 'plain') }, skip: { name: 'chat-store-unlocked', text: storeStatement('skip', 'plain') } },
  flagged: { wait: { name: 'chat-store-flagged', text: storeStatement('wait', 'flagged') }, skip: { name: 'chat-store-flagged-unlocked', text: storeStatement('skip', 'flagged') } },
}

/** No seq: its conversation is held. */
type Row = { n: number; seq: number | null; at: number; id: string | null; body: string | null }

/**
 * Stores the sends in one commit; answers each in its place. With `wait` nothing is held: a conversation that is locked
 * for long makes it throw 55P03. Throws what Postgres threw; then nothing is known to be stored.
 */
export async function storeMessages(pool: Pool, messages: readonly NewMessage[], locks: 'wait' | 'skip'): Promise<Stored[]> {
  const flagged = messages.some((message) => message.flag !== undefined)
  const alone = messages.length === 1 && locks === 'wait' && !flagged ? await storeOne(pool, messages[0]!) : undefined
  if (alone !== undefined) return [alone]
  const conversationIds = messages.map((message) => message.conversationId).toSorted()
  const ids = (pick: (message: NewMessage) => string) => `{${messages.map(pick).join(',')}}`
  const { name, text } = STATEMENTS[flagged ? 'flagged' : 'plain'][locks]
  const rows = await askHot<Row>(pool, name, text, [
    ids((message) => message.conversationId), ids((message) => message.senderId), ids((message) => message.clientId), ids((message) => message.id), messages.map((message) => message.body),
    conversationIds[0], conversationIds.at(-1),
    ...(flagged ? [messages.map((message) => message.flag?.kinds.join(',') ?? null), messages.map((message) => message.flag?.text ?? null)] : []),
  ])
  const answers: Stored[] = Array.from({ length: messages.length })
  for (const row of rows) {
    const message = messages[row.n - 1]!
    answers[row.n - 1] = row.seq === null ? 'held' : { id: row.id ?? message.id, seq: row.seq, body: row.body ?? message.body, sentAtMs: row.at, isRepeat: row.id !== null }
  }
  return answers
}
