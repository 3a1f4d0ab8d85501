import type { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findAuditRow, listAudit, type AuditRow } from '../audit/index.ts'
import type { By } from './by.ts'
import type { AuditList, auditQuery, AuditRowView } from './control-contract.ts'
import { findStaffNames } from './queries.ts'
import { grantOf } from './roles.ts'

const seesOwnOnly = (by: By) => grantOf(by.role, 'audit.read') === undefined

/** The audit log, newest first; who may see only their own acts sees only those. */
export async function findAuditForStaff(ctx: Ctx, by: By, query: z.output<typeof auditQuery>): Promise<AuditList> {
  const { limit, cursor, from: fromDay, to: toDay, ...filter } = query
  if (seesOwnOnly(by) && filter.actorId !== undefined && filter.actorId !== by.staffId) return { items: [], nextCursor: null }
  const found = await listAudit(ctx.sql, { ...filter, fromDay, toDay, ...(seesOwnOnly(by) ? { actorId: by.staffId } : {}), beforeSeq: cursor, limit: limit + 1 })
  const rows = found.slice(0, limit)
  return { items: await shown(ctx, rows), nextCursor: found.length > limit ? String(rows.at(-1)!.seq) : null }
}

/** One row; one of others is missing for who may see only their own. Throws `not_found`. */
export async function getAuditRowForStaff(ctx: Ctx, by: By, seq: number): Promise<AuditRowView> {
  const row = await findAuditRow(ctx.sql, seq)
  if (!row || (seesOwnOnly(by) && row.actorId !== by.staffId)) throw new AppError('not_found', 'no such row')
  return (await shown(ctx, [row]))[0]!
}

async function shown(ctx: Ctx, rows: readonly AuditRow[]): Promise<AuditRowView[]> {
  const names = await findStaffNames(ctx.sql, rows.flatMap((row) => (row.actorKind === 'staff' && row.actorId !== null ? [row.actorId] : [])))
  return rows.map(({ prevHash: _prevHash, ...row }) => ({ ...row, at: row.at.toISOString(), actorName: names.get(row.actorId ?? '') ?? null, hash: row.hash.toString('hex') }))
}
