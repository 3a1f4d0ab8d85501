import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { findErasure, findExports } from '../privacy/index.ts'
import { mayAct } from './roles.ts'

const EXPORTS = 10

/** A person's exports and erasure, for roles that may do either. */
export async function privacyOf(ctx: Ctx, role: StaffRole, userId: string) {
  if (!mayAct(role, 'persons.erase')) return {}
  const [erasure, exports] = await Promise.all([findErasure(ctx.sql, userId), findExports(ctx.sql, userId, EXPORTS)])
  return { privacy: { erasure, exports } }
}
