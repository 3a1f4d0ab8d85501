import { and, eq, inArray, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { announceStatus } from './announce.ts'
import { mirrorChanged } from './mirror.ts'
import { findMitras, type Mitra } from './queries.ts'
import { mitras, type MitraStatus } from './tables.ts'

/** Who does it, from where, and why: all of it is audited. */
export type StaffAct = { mitraId: string; staffId: string; reason?: string | undefined; requestId?: string | undefined; ip?: string | undefined }

export type StatusChange = {
  from: readonly MitraStatus[]
  to: MitraStatus
  /** The act's name in the audit log. */
  act: string
  set?: Partial<Record<'approvedAt' | 'deactivatedAt', ReturnType<typeof sql> | null>> & { gender?: Mitra['gender']; wantsOnline?: false; stale?: false }
  /** What else belongs to the change, in its transaction. */
  also?: () => Promise<void>
}

/**
 * One guarded UPDATE from one of `from` to `to`. Who is there already is left as it is, and nothing is audited twice;
 * any other state is a `conflict`, a missing mitra `not_found`.
 */
export async function changeStatus(tx: Tx, act: StaffAct, change: StatusChange): Promise<Mitra> {
  const { mitraId } = act
  const [changed] = await tx.sql.update(mitras)
    .set({ ...change.set, status: change.to, statusReason: act.reason ?? null, version: sql`${mitras.version} + 1`, updatedAt: sql`app_now()` })
    .where(and(eq(mitras.userId, mitraId), inArray(mitras.status, [...change.from])))
    .returning({ id: mitras.userId })
  if (changed) await change.also?.()
  const mitra = (await findMitras(tx.sql, [mitraId])).get(mitraId)
  if (!mitra) throw new AppError('not_found', 'no such mitra')
  if (mitra.status !== change.to) throw new AppError('conflict', `the mitra is ${mitra.status}`)
  if (!changed) return mitra
  await auditAct(tx, act, change.act, { to: change.to })
  tx.afterCommit((outer) => {
    mirrorChanged(outer, [mitraId])
    announceStatus(outer, [mitraId])
  })
  return mitra
}

export async function auditAct(tx: Tx, act: StaffAct, name: string, details: Record<string, unknown>): Promise<void> {
  await appendAudit(tx, {
    actorKind: 'staff', actorId: act.staffId, act: name, targetType: 'mitra', targetId: act.mitraId, reason: act.reason, details,
    requestId: act.requestId, ip: act.ip,
  })
}
