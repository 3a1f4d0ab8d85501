import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { alertsChanged } from './queries.ts'

const isLate = sql`acknowledge_by <= app_now()`

/** Whether there is anything for `escalateAlerts`. */
export function areAlertsLate(): SQL {
  return sql`(select true from safety_cases where ${isLate} order by acknowledge_by limit 1)`
}

/** Escalates crises that nobody has taken in time, again after each such time; any replica does it, once. Answers how many. */
export async function escalateAlerts(ctx: Ctx): Promise<number> {
  return transact(ctx, async (tx) => {
    const { rows } = await tx.sql.execute<{ id: string; escalations: number }>(sql`
      update safety_cases set escalations = escalations + 1, acknowledge_by = app_now() + make_interval(secs => ${ctx.settings.get('crisisAcknowledgeSeconds')})
      where id = any(array(select id from safety_cases where ${isLate} order by acknowledge_by limit 100 for update skip locked))
      returning id, escalations`)
    if (rows.length === 0) return 0
    alertsChanged(tx)
    tx.afterCommit(({ metrics, log }) => {
      metrics.crisisEscalations.inc(rows.length)
      for (const { id, escalations } of rows) log.error({ caseId: id, escalations }, 'nobody has taken a crisis in time')
    })
    return rows.length
  })
}

/** Tells in metrics how many crises wait for staff, and for how long. */
export async function measureAlerts(ctx: Ctx): Promise<void> {
  const { rows: [row] } = await ctx.sql.execute<{ waiting: number; oldest: number }>(sql`
    select count(*)::int as waiting, coalesce(extract(epoch from app_now() - min(opened_at)), 0)::float8 as oldest from safety_cases where acknowledge_by is not null`)
  ctx.metrics.crisisWaiting.set(row!.waiting)
  ctx.metrics.crisisOldestSeconds.set(row!.oldest)
}

/** Erases the messages of cases that were closed long ago, and what staff noted on them. Answers how many cases it emptied. */
export async function eraseEvidence(ctx: Ctx, limit: number): Promise<number> {
  const { rows: [row] } = await ctx.sql.execute<{ erased: number }>(sql`
    with due as (
      select c.id from safety_cases c where c.closed_at < app_now() - make_interval(secs => ${ctx.settings.get('evidenceSeconds')})
        and (c.note is not null or exists (select from case_evidence e where e.case_id = c.id) or exists (select from case_notes n where n.case_id = c.id)) order by c.closed_at limit ${limit} for update skip locked
    ), gone as (delete from case_evidence e using due d where e.case_id = d.id),
      unwritten as (delete from case_notes n using due d where n.case_id = d.id),
      emptied as (update safety_cases c set note = null from due d where c.id = d.id)
    select count(*)::int as erased from due`)
  return row!.erased
}
