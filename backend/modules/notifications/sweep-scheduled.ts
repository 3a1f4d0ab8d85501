import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { findReach } from '../channels/index.ts'
import { notify, type Notice } from './notify.ts'
import { moveTo } from './schedule-notices.ts'
import { momentOf } from './schedule-times.ts'
import type { StoredNotice } from './tables.ts'

/** One that could not be given is tried again after this, until it expires. */
const AGAIN_SECONDS = 300

type Due = { id: string; user_id: string; dedupe_key: string; notice: StoredNotice; local_day: string | null; local_time: string | null; is_expired: boolean; now_ms: string }

/** Whether there is anything for `sweepScheduled`. */
export function areScheduledDue(): SQL {
  return sql`(select true from scheduled_notices where due_at <= app_now() order by due_at limit 1)`
}

/**
 * Gives the scheduled notices that are due: each is taken out by the transaction that gives it, so it is given once,
 * whoever dies. Those of a wall clock that does not show it yet are moved on, what has expired is dropped and counted.
 * Answers how many were due.
 */
export async function sweepScheduled(ctx: Ctx, limit: number): Promise<number> {
  try {
    return await transact(ctx, (tx) => giveDue(tx, limit))
  } catch (error) {
    ctx.log.error({ err: error }, 'scheduled notices could not be given together')
    return giveAlone(ctx, limit)
  }
}

// One that can't be given must not keep back the others: each gets a transaction of its own, and the bad one waits.
async function giveAlone(ctx: Ctx, limit: number): Promise<number> {
  const { rows } = await ctx.sql.execute<{ id: string }>(sql`select id from scheduled_notices where due_at <= app_now() order by due_at limit ${limit}`)
  for (const { id } of rows) {
    try {
      await transact(ctx, (tx) => giveDue(tx, 1, sql`and id = ${id}`))
    } catch (error) {
      ctx.log.error({ err: error, scheduledId: id }, 'a scheduled notice could not be given')
      await ctx.sql.execute(sql`update scheduled_notices set due_at = app_now() + make_interval(secs => ${AGAIN_SECONDS}) where id = ${id}`)
    }
  }
  return rows.length
}

async function giveDue(tx: Tx, limit: number, which: SQL = sql``): Promise<number> {
  const { rows } = await tx.sql.execute<Due>(sql`
    select id, user_id, dedupe_key, notice, local_day::text, local_time, expires_at <= app_now() as is_expired, extract(epoch from app_now()) * 1000 as now_ms from scheduled_notices
    where due_at <= app_now() ${which} order by due_at limit ${limit} for update skip locked`)
  if (rows.length === 0) return 0
  const reaches = await findReach(tx.sql, rows.map((row) => row.user_id))
  const nowMs = Number(rows[0]!.now_ms)
  const dueMs = (row: Due) => (row.local_day === null ? nowMs : momentOf({ day: row.local_day, time: row.local_time! }, reaches.get(row.user_id)?.timeZone ?? ''))
  const early = rows.filter((row) => !row.is_expired && dueMs(row) > nowMs)
  await moveTo(tx, early.map((row) => ({ id: row.id, dueMs: dueMs(row) })))
  const over = rows.filter((row) => !early.includes(row))
  await tx.sql.execute(sql`delete from scheduled_notices where id = any(${sql.param(over.map((row) => row.id))}::uuid[])`)
  const due = over.filter((row) => !row.is_expired)
  // Stored by `scheduleNotices`, as it was given.
  await notify(tx, due.map((row) => ({ ...row.notice, userId: row.user_id, dedupeKey: row.dedupe_key }) as Notice))
  tx.afterCommit(({ metrics }) => {
    metrics.scheduledNotices.inc({ outcome: 'given' }, due.length)
    metrics.scheduledNotices.inc({ outcome: 'expired' }, over.length - due.length)
    metrics.scheduledNotices.inc({ outcome: 'moved' }, early.length)
  })
  return rows.length
}
