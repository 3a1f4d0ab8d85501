import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople, findPhones, listPeople, searchPeople, type Person } from '../identity/index.ts'
import { findWallet } from '../ledger/index.ts'
import { findCredits, type StaffCredit } from '../promotions/index.ts'
import type { CustomerForStaff, CustomersQuery } from './customer-contract.ts'
import { maskCustomer } from './masking.ts'
import { mayAct, seesMasked } from './roles.ts'

/** Whoever searches for something so common sees the first ones. */
const MATCHES_MAX = 1000

/** Customers by id, masked for roles that see names and numbers masked: those don't find anybody by a number either. */
export async function findCustomersForStaff(ctx: Ctx, role: StaffRole, query: CustomersQuery): Promise<{ items: CustomerForStaff[]; nextCursor: string | null }> {
  const ids = query.q === undefined ? undefined : await searchPeople(ctx.sql, ctx, { kind: 'customer', q: query.q, byPhone: !seesMasked(role), limit: MATCHES_MAX })
  const found = await listPeople(ctx.sql, { kind: 'customer', ids, after: query.cursor, limit: query.limit + 1 })
  const shown = found.slice(0, query.limit)
  return { items: await forStaff(ctx, role, shown), nextCursor: found.length > query.limit ? shown.at(-1)!.id : null }
}

/** One customer; their money too for roles that may read the ledger. Throws `not_found`. */
export async function getCustomerForStaff(ctx: Ctx, role: StaffRole, id: string) {
  const person = (await findPeople(ctx.sql, [id])).get(id)
  if (person?.kind !== 'customer') throw new AppError('not_found', 'no such customer')
  const [shown] = await forStaff(ctx, role, [person])
  if (!mayAct(role, 'ledger.read')) return shown!
  const [{ balanceIdr, promoIdr }, credits] = await Promise.all([findWallet(ctx.sql, id), findCredits(ctx.sql, id)])
  return { ...shown!, wallet: { balanceIdr, promoIdr }, credits: credits.map(creditViewOf) }
}

export function creditViewOf({ requestKey: _key, ...credit }: StaffCredit) {
  return { ...credit, createdAt: credit.createdAt.toISOString(), givenAt: credit.givenAt?.toISOString() ?? null, expiresAt: credit.expiresAt.toISOString() }
}

async function forStaff(ctx: Ctx, role: StaffRole, people: readonly Person[]): Promise<CustomerForStaff[]> {
  const phones = await findPhones(ctx.sql, ctx, people.map((person) => person.id))
  const views = people.map((person) => ({
    id: person.id, displayName: person.displayName, phone: phones.get(person.id) ?? null, createdAt: person.createdAt.toISOString(),
    suspendedUntil: person.suspendedUntil?.toISOString() ?? null, bannedAt: person.bannedAt?.toISOString() ?? null, erasedAt: person.erasedAt?.toISOString() ?? null,
  }))
  return seesMasked(role) ? views.map(maskCustomer) : views
}
