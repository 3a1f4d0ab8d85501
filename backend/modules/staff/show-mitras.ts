import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPhones, readSought } from '../identity/index.ts'
import { findMitras, pageMitras, type Mitra } from '../mitras/index.ts'
import type { MitraForStaff, MitrasQuery } from './control-contract.ts'
import { maskMitra } from './masking.ts'
import { seesMasked } from './roles.ts'
import { openCasesFor } from './show-customers.ts'

/** Mitras, the newest first; masked for roles that see names and numbers masked: those don't find anybody by a number either. */
export async function findMitrasForStaff(ctx: Ctx, role: StaffRole, query: MitrasQuery): Promise<{ items: MitraForStaff[]; nextCursor: string | null }> {
  const found = await pageMitras(ctx.sql, {
    sought: query.q === undefined ? undefined : readSought(ctx, query.q, { byPhone: !seesMasked(role) }), status: query.status, online: query.online,
    among: query.openCase && openCasesFor(role), before: query.cursor, limit: query.limit + 1,
  })
  const shown = found.slice(0, query.limit)
  return { items: await mitrasForStaff(ctx, role, shown), nextCursor: found.length > query.limit ? shown.at(-1)!.mitraId : null }
}

/** Throws `not_found`. */
export async function getMitraForStaff(ctx: Ctx, role: StaffRole, id: string): Promise<MitraForStaff> {
  const mitra = (await findMitras(ctx.sql, [id])).get(id)
  if (!mitra) throw new AppError('not_found', 'no such mitra')
  const [shown] = await mitrasForStaff(ctx, role, [mitra])
  return shown!
}

/** These mitras as this role sees them. */
export async function mitrasForStaff(ctx: Ctx, role: StaffRole, mitras: readonly Mitra[]): Promise<MitraForStaff[]> {
  const phones = await findPhones(ctx.sql, ctx, mitras.map((mitra) => mitra.mitraId))
  const views = mitras.map((mitra) => view(mitra, phones.get(mitra.mitraId) ?? null))
  return seesMasked(role) ? views.map(maskMitra) : views
}

function view(mitra: Mitra, phone: string | null): MitraForStaff {
  return {
    ...mitra, id: mitra.mitraId, phone,
    lastSeenAt: mitra.lastSeenAt?.toISOString() ?? null, appliedAt: mitra.appliedAt?.toISOString() ?? null,
    approvedAt: mitra.approvedAt?.toISOString() ?? null, deactivatedAt: mitra.deactivatedAt?.toISOString() ?? null,
  }
}
