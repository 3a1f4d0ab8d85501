import { and, desc, eq, lt, type SQL } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { auditLog, type AuditRow } from './tables.ts'

export type AuditFilter = {
  actorId?: string | undefined
  act?: string | undefined
  targetType?: string | undefined
  targetId?: string | undefined
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
  if (filter.beforeSeq !== undefined) guards.push(lt(auditLog.seq, filter.beforeSeq))
  return handle.select().from(auditLog).where(and(...guards)).orderBy(desc(auditLog.seq)).limit(filter.limit)
}
