import { and, desc, eq, gte, lt, sql, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { auditLog, type AuditRow } from './tables.ts'

export type AuditFilter = {
  actorId?: string | undefined
  act?: string | undefined
  targetType?: string | undefined
  targetId?: string | undefined
  /** Days in Asia/Jakarta, `YYYY-MM-DD`; both are in. */
  fromDay?: string | undefined
  toDay?: string | undefined
  /** Rows older than this one. */
  beforeSeq?: number | undefined
  limit: number
}

/** Newest first. */
export function listAudit(handle: Queryable, filter: AuditFilter): Promise<AuditRow[]> {
  const guards: SQL[] = []
  if (filter.actorId !== undefined) guards.push(eq(auditLog.actorId, filter.actorId))
  if (filter.act !== undefined) guards.push(eq(auditLog.act, filter.act))
  if (filter.targetType !== undefined) guards.push(eq(auditLog.targetType, filter.targetType))
  if (filter.targetId !== undefined) guards.push(eq(auditLog.targetId, filter.targetId))
  // Times grow along the chain, so days are bounds of the sequence: two looks into an index, whatever the other filters.
  if (filter.fromDay !== undefined) guards.push(gte(auditLog.seq, sql`coalesce(${firstSeqFrom(sql`${filter.fromDay}::date`)}, ${Number.MAX_SAFE_INTEGER})`))
  if (filter.toDay !== undefined) guards.push(lt(auditLog.seq, sql`coalesce(${firstSeqFrom(sql`${filter.toDay}::date + 1`)}, ${Number.MAX_SAFE_INTEGER})`))
  if (filter.beforeSeq !== undefined) guards.push(lt(auditLog.seq, filter.beforeSeq))
  return handle.select().from(auditLog).where(and(...guards)).orderBy(desc(auditLog.seq)).limit(filter.limit)
}

function firstSeqFrom(day: SQL): SQL {
  return sql`(select first.seq from audit_log first where first.at >= (${day})::timestamp at time zone 'Asia/Jakarta' order by first.at, first.seq limit 1)`
}

/** One row of the chain. */
export async function findAuditRow(handle: Queryable, seq: number): Promise<AuditRow | undefined> {
  const [row] = await handle.select().from(auditLog).where(eq(auditLog.seq, seq))
  return row
}
