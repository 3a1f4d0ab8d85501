import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { findPeople } from '../identity/index.ts'
import { changeStatus, type StaffAct } from './change-status.ts'
import type { Mitra } from './queries.ts'

/** `applied` → `approved`: the mitra may go online from now on. */
export async function approveMitra(tx: Tx, act: StaffAct): Promise<Mitra> {
  const gender = (await findPeople(tx.sql, [act.mitraId])).get(act.mitraId)?.gender ?? null
  return changeStatus(tx, act, { from: ['applied'], to: 'approved', act: 'mitra.approved', set: { gender, approvedAt: sql`app_now()` } })
}

/** `applied` → `rejected`, with the reason that the applicant reads; they may apply again. */
export async function rejectMitra(tx: Tx, act: StaffAct & { reason: string }): Promise<Mitra> {
  return changeStatus(tx, act, { from: ['applied'], to: 'rejected', act: 'mitra.rejected' })
}
