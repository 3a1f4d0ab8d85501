import type { z } from 'zod'
import type { Ctx } from '../../platform/ctx.ts'
import { listAudit } from '../audit/index.ts'
import type { By } from './by.ts'
import type { auditList, auditQuery } from './control-contract.ts'
import { findStaffNames } from './queries.ts'
import { grantOf } from './roles.ts'

/** The audit log, newest first; who may see only their own acts sees only those. */
export async function findAuditForStaff(ctx: Ctx, by: By, query: z.output<typeof auditQuery>): Promise<z.output<typeof auditList>> {
  const { limit, cursor, ...filter } = query
  const isOwnOnly = grantOf(by.role, 'audit.read') === undefined
  if (isOwnOnly && filter.actorId !== undefined && filter.actorId !== by.staffId) return { items: [], nextCursor: null }
  const found = await listAudit(ctx.sql, { ...filter, ...(isOwnOnly ? { actorId: by.staffId } : {}), beforeSeq: cursor, limit: limit + 1 })
  const rows = found.slice(0, limit)
  const names = await findStaffNames(ctx.sql, rows.flatMap((row) => (row.actorKind === 'staff' && row.actorId !== null ? [row.actorId] : [])))
  return {
    items: rows.map(({ prevHash: _prevHash, ...row }) => ({ ...row, at: row.at.toISOString(), actorName: names.get(row.actorId ?? '') ?? null, hash: row.hash.toString('hex') })),
    nextCursor: found.length > limit ? String(rows.at(-1)!.seq) : null,
  }
}
