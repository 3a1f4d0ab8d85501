import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'

/** A push that somebody is sending is not taken by anybody else for this long; a worker that died is followed after it. */
export const LEASE_SECONDS = 20
/** What must be left of a claim for a call to begin: the gateway's own deadline, and a little. */
const CALL_SECONDS = 12

export type ClaimedPush = {
  id: string
  userId: string
  kind: string
  tag: string
  title: string
  body: string
  data: Record<string, string>
  highPriority: boolean
  attempts: number
  /** The devices that a try before left open; undefined: it is for all of them. */
  pendingTokens: string[] | undefined
  leftSeconds: number
}

type Row = {
  id: string; user_id: string; kind: string; tag: string; title: string; body: string; data: Record<string, string>
  high_priority: boolean; attempts: number; pending_tokens: string[] | null; left_seconds: string
}

/** Claims due pushes that nobody is sending; each claim counts as a try, so that one which kills its worker ends too. */
export async function claimPushes(ctx: Ctx, which: SQL, limit: number): Promise<ClaimedPush[]> {
  const { rows } = await ctx.sql.execute<Row>(sql`
    update pushes set claimed_until = app_now() + make_interval(secs => ${LEASE_SECONDS}), attempts = attempts + 1
    where id = any(array(
      select id from pushes
      where ${which} and state = 'queued' and due_at <= app_now() and (claimed_until is null or claimed_until <= app_now())
      order by due_at limit ${limit} for update skip locked))
    returning id, user_id, kind, tag, title, body, data, high_priority, attempts, pending_tokens, extract(epoch from expires_at - app_now()) as left_seconds`)
  return rows.map((row) => ({
    id: row.id, userId: row.user_id, kind: row.kind, tag: row.tag, title: row.title, body: row.body, data: row.data,
    highPriority: row.high_priority, attempts: row.attempts, pendingTokens: row.pending_tokens ?? undefined, leftSeconds: Number(row.left_seconds),
  }))
}

/** False for a worker that was stopped or slow for so long that another follows, or may before its call ends. */
export async function isStillOurs(ctx: Ctx, push: ClaimedPush): Promise<boolean> {
  const { rows } = await ctx.sql.execute(sql`
    select 1 from pushes where id = ${push.id} and attempts = ${push.attempts} and claimed_until > app_now() + make_interval(secs => ${CALL_SECONDS})`)
  return rows.length > 0
}
