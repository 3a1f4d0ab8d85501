import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'

/** An address whose digest is to be looked at. */
export type DueDigest = {
  userId: string
  /** Undefined: it was not planned yet. */
  dueMs: number | undefined
  /** Up to when the inbox was told of, as Postgres wrote it. */
  until: string | undefined
  /** The last day of the person's own calendar that had one, `YYYY-MM-DD`. */
  day: string | undefined
  nowMs: number
}

/** What is not named stays as it was. Times in milliseconds since 1970, `day` of the person's own calendar. */
export type DigestPlan = { userId: string; dueMs: number; untilMs?: number | undefined; day?: string | undefined }

type Row = { user_id: string; due_ms: string | null; until: string | null; day: string | null; now_ms: string }

/** A condition: addresses that letters reach and whose digest is due, or not planned yet. */
const isDigestDue = sql`undeliverable_at is null and coalesce(digest_due_at, timestamptz '-infinity') <= app_now()`

/** Whether there is anything to claim. */
export function areDigestsDue(): SQL {
  return sql`(select true from email_addresses where ${isDigestDue} order by coalesce(digest_due_at, timestamptz '-infinity') limit 1)`
}

/** Locks addresses that letters reach and whose digest is due, those that nobody planned yet first; what another holds is passed over. */
export async function claimDigests(tx: Tx, limit: number): Promise<DueDigest[]> {
  const { rows } = await tx.sql.execute<Row>(sql`
    select user_id, extract(epoch from digest_due_at) * 1000 as due_ms, digest_until::text as until, digest_day::text as day, extract(epoch from app_now()) * 1000 as now_ms
    from email_addresses where ${isDigestDue}
    order by coalesce(digest_due_at, timestamptz '-infinity') limit ${limit} for update skip locked`)
  return rows.map((row) => ({
    userId: row.user_id, dueMs: row.due_ms === null ? undefined : Number(row.due_ms), until: row.until ?? undefined, day: row.day ?? undefined, nowMs: Number(row.now_ms),
  }))
}

/** When they are looked at next. The rows are the caller's, claimed. */
export async function planDigests(tx: Tx, plans: readonly DigestPlan[]): Promise<void> {
  if (plans.length === 0) return
  await tx.sql.execute(sql`
    update email_addresses e set digest_due_at = to_timestamp(p.due / 1000.0), digest_until = coalesce(to_timestamp(p.until / 1000.0), e.digest_until), digest_day = coalesce(p.day, e.digest_day)
    from jsonb_to_recordset(${JSON.stringify(plans.map(({ userId, dueMs, untilMs, day }) => ({ id: userId, due: dueMs, until: untilMs, day })))}::jsonb) as p(id uuid, due float8, until float8, day date)
    where e.user_id = p.id`)
}
