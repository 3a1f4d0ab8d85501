import { setTimeout as pause } from 'node:timers/promises'
import type { Pool } from 'pg'
import { coalesce } from '../../platform/coalesce.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import type { Screen } from '../moderation/index.ts'
import type { Message } from './contract.ts'
import { signalFlags } from './flags.ts'
import { askHot } from './hot-pool.ts'
import { closedError, type Members } from './members.ts'
import { changeOf, toMessage, type MessageRow } from './message-row.ts'
import { refuseText } from './rules.ts'
import { screened, type Flag } from './screened.ts'

/** `body` null deletes the message for everyone. */
export type ChangeWish = { conversationId: string; userId: string; seq: number; body: string | null }
type Wish = ChangeWish & { flag?: Flag | undefined }

/**
 * Edits or deletes one's own message and tells all members; a repeat changes nothing and answers the same.
 * Throws `not_found` (no member, no such message, somebody else's), `conversation_closed` or `time_is_up` (an edit after the end),
 * `edit_window_over`, `conflict` (an edit of what is deleted), what a send's text is refused with; `not_ready` when it
 * is not known whether it is stored: ask again.
 */
export type ChangeMessage = (wish: ChangeWish) => Promise<{ message: Message; isRepeat: boolean }>

/** The stream of a conversation's changes; its places are `change`. */
export const changeStream = (conversationId: string): string => `${conversationId}/changes`

const RETRY_MS = 150
/** Under way at a time: whoever waits for a locked conversation leaves the other connections to those who send. */
const LANES = 2
/** Changes that one person may have waiting in a conversation. */
const WAITING_MAX = 100

/*
 * One statement settles every race: the conversation's lock stands in a queue with sends and other changes, and only
 * then the message is read, as whoever came before left it. What a repeat is, is asked before what is too late.
 * The words of a conversation that is over are forgotten and written down anew: a deleted text stays nowhere.
 */
const changeStatement = (flags: 'plain' | 'flagged') => `
with locked as materialized (
  select c.id, app_now() < c.writable_until as is_open, c.may_reopen from conversations c
  where c.id = $1::uuid and exists (select from conversation_members m where m.conversation_id = $1::uuid and m.user_id = $3::uuid)
  for no key update of c
), found as materialized (
  select x.*, l.is_open, l.may_reopen from locked l
  cross join lateral (select * from messages m where m.conversation_id = $1::uuid and m.seq = $2::bigint and m.sender_id = $3::uuid for no key update) x
), judged as materialized (
  select f.*, case
    when $4::text is null and f.deleted_at is not null then 'repeat'
    when f.deleted_at is not null then 'deleted'
    when f.edited_at is not null and f.body = $4::text then 'repeat'
    when $4::text is not null and not f.is_open then case when f.may_reopen then 'time_up' else 'closed' end
    when app_now() >= f.sent_at + make_interval(secs => $5::float8) then 'late'
    else 'changed' end as verdict
  from found f
), moved as (
  update conversations c set head_change = c.head_change + 1, changed_at = greatest(c.changed_at, app_now()), has_words = false
  from judged j where c.id = j.conversation_id and j.verdict = 'changed'
  returning c.id, c.head_change
), forgotten as (
  delete from message_words w using moved v where w.conversation_id = v.id
), changed as (
  update messages m set change = v.head_change, body = $4::text,
    edited_at = case when $4::text is null then m.edited_at else app_now() end, deleted_at = case when $4::text is null then app_now() end
  from moved v where m.conversation_id = $1::uuid and m.seq = $2::bigint
  returning m.body, m.edited_at, m.deleted_at, m.change
)${flags === 'plain' ? '' : `, flagged as (
  insert into message_flags (conversation_id, seq, change, sender_id, kinds, body, sent_at)
  select j.conversation_id, j.seq, v.head_change, j.sender_id, $6::text, $7::text, app_now() from judged j, moved v
)`}
select j.verdict, j.seq, j.id, j.client_id, j.sender_id, j.code, j.data, extract(epoch from j.sent_at) * 1000 as sent_ms,
  coalesce(d.change, j.change) as change, case when d.change is null then j.body else d.body end as body,
  coalesce(d.deleted_at, j.deleted_at) is not null as is_deleted, extract(epoch from coalesce(d.edited_at, j.edited_at)) * 1000 as edited_ms
from judged j left join changed d on true`

const CHANGE = changeStatement('plain')
const CHANGE_FLAGGED = changeStatement('flagged')

type Row = MessageRow & { verdict: 'changed' | 'repeat' | 'deleted' | 'closed' | 'time_up' | 'late' }

export function createChangeMessage(ctx: Ctx, pool: Pool, { members, screen }: { members: Members; screen: Screen }): ChangeMessage {
  const inOrder = createQueues(WAITING_MAX)
  const ask = coalesce<{ wish: Wish; windowSeconds: number }, Row | undefined>({
    lanes: LANES, most: 1,
    run: (asks) => Promise.all(asks.map(({ wish, windowSeconds }) => change(ctx, pool, wish, windowSeconds))),
  })
  const make = async (wish: Wish) => {
    const { conversationId, userId } = wish
    const { memberIds } = await members.access(conversationId, userId)
    const windowSeconds = ctx.settings.get(wish.body === null ? 'messageDeleteSeconds' : 'messageEditSeconds')
    const row = await ask({ wish, windowSeconds })
    if (row === undefined) throw new AppError('not_found', 'There is no such message of yours.')
    if (row.verdict === 'closed' || row.verdict === 'time_up') throw closedError(row.verdict === 'time_up')
    if (row.verdict === 'deleted') throw new AppError('conflict', 'The message has been deleted.')
    if (row.verdict === 'late') throw new AppError('edit_window_over', `That is possible for ${Math.round(windowSeconds / 60)} minutes after sending.`)
    const message = toMessage(conversationId, row)
    const told = changeOf(message)
    if (row.verdict === 'changed' && wish.flag !== undefined) signalFlags(ctx)
    if (row.verdict === 'changed') ctx.publish(memberIds, { type: 'message:changed', ...told }, { position: { stream: changeStream(conversationId), seq: told.change } })
    return { message, isRepeat: row.verdict === 'repeat' }
  }
  return async (wish) => {
    const refusal = wish.body === null ? undefined : refuseText(wish.body, ctx.settings.get('messageMaxLength'))
    if (refusal) throw new AppError(refusal.code, refusal.detail)
    const kept = wish.body === null ? {} : screened(ctx, screen, wish.body)
    return inOrder(`${wish.conversationId} ${wish.userId}`, () => make({ ...wish, ...kept }))
  }
}

// Who edits twice without waiting for the answer means the second.
function createQueues(most: number): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const queues = new Map<string, { last: Promise<unknown>; length: number }>()
  return async (key, work) => {
    const queue = queues.get(key) ?? { last: Promise.resolve(), length: 0 }
    if (queue.length >= most) throw new AppError('not_ready', 'Too many changes are waiting: ask again.')
    queues.set(key, queue)
    queue.length++
    const mine = queue.last.then(work, work)
    queue.last = mine
    try {
      return await mine
    } finally {
      if (--queue.length === 0) queues.delete(key)
    }
  }
}

// Once more where the connection was lost: if it was stored before, it is a repeat now, and the healer tells the members.
async function change(ctx: Ctx, pool: Pool, { conversationId, seq, userId, body, flag }: Wish, windowSeconds: number): Promise<Row | undefined> {
  const values = [conversationId, seq, userId, body, windowSeconds]
  const ask = async () => (flag === undefined
    ? await askHot<Row>(pool, 'chat-change', CHANGE, values)
    : await askHot<Row>(pool, 'chat-change-flagged', CHANGE_FLAGGED, [...values, flag.kinds.join(','), flag.text]))[0]
  try {
    return await ask().catch(() => pause(RETRY_MS).then(ask))
  } catch (error) {
    ctx.log.warn({ err: error }, 'a message could not be changed')
    throw new AppError('not_ready', 'The change may not be stored: ask again.')
  }
}
