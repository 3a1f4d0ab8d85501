import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPhones, searchPeople } from '../identity/index.ts'
import { findMitras, listMitras, type Mitra } from '../mitras/index.ts'
import type { MitraForStaff, MitrasQuery } from './control-contract.ts'
import { maskMitra } from './masking.ts'
import { seesMasked } from './roles.ts'

/** Whoever searches for something so common sees the first ones. */
const MATCHES_MAX = 1000

/** Mitras by id, masked for roles that see names and numbers masked: those don't find anybody by a number either. */
export async function findMitrasForStaff(ctx: Ctx, role: StaffRole, query: MitrasQuery): Promise<{ items: MitraForStaff[]; nextCursor: string | null }> {
  const ids = query.q === undefined ? undefined : await searchPeople(ctx.sql, ctx, { kind: 'mitra', q: query.q, byPhone: !seesMasked(role), limit: MATCHES_MAX })
  const found = await listMitras(ctx.sql, { status: query.status, after: query.cursor, limit: query.limit + 1, ids })
  const shown = found.slice(0, query.limit)
  return { items: await forStaff(ctx, role, shown), nextCursor: found.length > query.limit ? shown.at(-1)!.mitraId : null }
}

/** Throws `not_found`. */
export async function getMitraForStaff(ctx: Ctx, role: StaffRole, id: string): Promise<MitraForStaff> {
  const mitra = (await findMitras(ctx.sql, [id])).get(id)
  if (!mitra) throw new AppError('not_found', 'no such mitra')
  const [shown] = await forStaff(ctx, role, [mitra])
  return shown!
}

async function forStaff(ctx: Ctx, role: StaffRole, mitras: readonly Mitra[]): Promise<MitraForStaff[]> {
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
