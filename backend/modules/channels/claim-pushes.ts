import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Priority } from './kinds.ts'
import { isOfLane } from './lanes.ts'

/** A push that somebody is sending is not taken by anybody else for this long; a worker that died is followed after it. Longer than the gateway's deadline. */
export const LEASE_SECONDS = 20

export type ClaimedPush = {
  id: string
  userId: string
  kind: string
  priority: Priority
  tag: string
  dedupeKey: string
  title: string
  body: string
  data: Record<string, string>
  /** The fence: whoever claimed it later has a greater one. */
  attempts: number
  /** Claims that came to a wait. */
  holds: number
  /** Calls that were begun. */
  tries: number
  /** What came of the try before. */
  reason: string | undefined
  /** A device has it already. */
  wasAccepted: boolean
  /** The devices that a try before left open; undefined: it is for all of them. */
  pendingTokens: string[] | undefined
  createdAt: Date
  /** It rings in quiet hours too. */
  isCritical: boolean
  leftSeconds: number
}

type Row = {
  id: string; user_id: string; kind: string; tag: string; dedupe_key: string; title: string; body: string; data: Record<string, string>; attempts: number; holds: number
  tries: number; reason: string | null; is_pressing: boolean; was_accepted: boolean; pending_tokens: string[] | null; created_at: string; critical: boolean; left_seconds: number
}

/** A condition: pushes of a lane that have been due for so long and that nobody is sending. */
export function areClaimable(lane: Priority, waitedSeconds: number): SQL {
  return sql`state = 'queued' and ${isOfLane(lane)} and due_at <= app_now() - make_interval(secs => ${waitedSeconds}) and (claimed_until is null or claimed_until <= app_now())`
}

/** Claims due pushes of a lane that nobody is sending, the most urgent and oldest first. A claim is no try: that begins with its call. */
export async function claimPushes(ctx: Ctx, lane: Priority, options: { waitedSeconds: number; limit: number }): Promise<ClaimedPush[]> {
  const { rows } = await ctx.sql.execute<Row>(sql`
    update pushes set claimed_until = (select app_now()) + make_interval(secs => ${LEASE_SECONDS}), attempts = attempts + 1
    where id = any(array(
      select id from pushes
      where ${areClaimable(lane, options.waitedSeconds)}
      order by priority, due_at limit ${options.limit} for update skip locked))
    returning id, user_id, kind, tag, dedupe_key, title, body, data, attempts, holds, tries, reason, high_priority as is_pressing, accepted_at is not null as was_accepted, pending_tokens, created_at, critical,
      extract(epoch from expires_at - (select app_now()))::float8 as left_seconds`)
  // A version before 0049 knows no lanes, and says of each row whether it presses.
  return rows.map((row) => ({
    id: row.id, userId: row.user_id, kind: row.kind, priority: lane === 'normal' && row.is_pressing ? 'high' : lane, tag: row.tag, dedupeKey: row.dedupe_key, title: row.title, body: row.body, data: row.data,
    attempts: row.attempts, holds: row.holds, tries: row.tries, reason: row.reason ?? undefined, wasAccepted: row.was_accepted, pendingTokens: row.pending_tokens ?? undefined,
    createdAt: new Date(row.created_at), isCritical: row.critical, leftSeconds: row.left_seconds,
  }))
}

type Held = Pick<ClaimedPush, 'id' | 'attempts'>

/**
 * Counts a try of `calling` and holds `waiting`, which this worker comes to afterwards, for longer. Answers what is left
 * of the lives of those whose call may begin: a worker that was stopped for so long that another follows has lost its own.
 */
export async function beginCalls(ctx: Ctx, calling: readonly Held[], waiting: readonly Held[]): Promise<Map<string, number>> {
  const held = [...calling.map((push) => ({ ...push, call: true })), ...waiting.map((push) => ({ ...push, call: false }))]
  const { rows } = await ctx.sql.execute<{ id: string; left_seconds: number; called: boolean }>(sql`
    with held as (select * from jsonb_to_recordset(${JSON.stringify(held.map(({ id, attempts, call }) => ({ id, attempts, call })))}::jsonb) as h(id uuid, attempts integer, call boolean)),
      ours as (select p.id, h.call from pushes p join held h on h.id = p.id and h.attempts = p.attempts where p.state = 'queued' and p.claimed_until > (select app_now()) order by p.id for update of p)
    update pushes p set claimed_until = (select app_now()) + make_interval(secs => ${LEASE_SECONDS}),
      tries = p.tries + o.call::integer, sent_at = case when o.call then coalesce(p.sent_at, (select app_now())) else p.sent_at end
    from ours o where p.id = o.id
    returning p.id, extract(epoch from p.expires_at - (select app_now()))::float8 as left_seconds, o.call as called`)
  return new Map(rows.filter((row) => row.called).map((row) => [row.id, row.left_seconds]))
}
