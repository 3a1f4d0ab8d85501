import type { StaffRole } from '../../platform/access.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { SQL } from '../../platform/drizzle.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople, findPhones, findStandings, listPeople, readSought, type Person } from '../identity/index.ts'
import { findWallet } from '../ledger/index.ts'
import { findCredits, type StaffCredit } from '../promotions/index.ts'
import { subjectsOfOpenCases } from '../safety/index.ts'
import type { CustomerForStaff, CustomersQuery } from './customer-contract.ts'
import { maskCustomer } from './masking.ts'
import { mayAct, seesMasked } from './roles.ts'
import { privacyOf } from './show-privacy.ts'

/** Customers, the newest first; masked for roles that see names and numbers masked: those don't find anybody by a number either. */
export async function findCustomersForStaff(ctx: Ctx, role: StaffRole, query: CustomersQuery): Promise<{ items: CustomerForStaff[]; nextCursor: string | null }> {
  const found = await listPeople(ctx.sql, {
    kind: 'customer', sought: query.q === undefined ? undefined : readSought(ctx, query.q, { byPhone: !seesMasked(role) }), standing: query.standing,
    among: query.openCase && openCasesFor(role), before: query.cursor, limit: query.limit + 1,
  })
  const shown = found.slice(0, query.limit)
  return { items: await customersForStaff(ctx, role, shown), nextCursor: found.length > query.limit ? shown.at(-1)!.id : null }
}

/** Whom an open case is about. Throws `forbidden` for roles that don't see cases. */
export function openCasesFor(role: StaffRole): SQL {
  if (!mayAct(role, 'safety.act')) throw new AppError('forbidden', 'Your role doesn’t see cases.')
  return subjectsOfOpenCases
}

/** One customer; their money and what became of their data for roles that see it. Throws `not_found`. */
export async function getCustomerForStaff(ctx: Ctx, role: StaffRole, id: string) {
  const person = (await findPeople(ctx.sql, [id])).get(id)
  if (person?.kind !== 'customer') throw new AppError('not_found', 'no such customer')
  const [[shown], money, privacy] = await Promise.all([customersForStaff(ctx, role, [person]), mayAct(role, 'ledger.read') ? moneyOf(ctx, id) : {}, privacyOf(ctx, role, id)])
  return { ...shown!, ...money, ...privacy }
}

async function moneyOf(ctx: Ctx, customerId: string) {
  const [{ balanceIdr, promoIdr }, credits] = await Promise.all([findWallet(ctx.sql, customerId), findCredits(ctx.sql, customerId)])
  return { wallet: { balanceIdr, promoIdr }, credits: credits.map(creditViewOf) }
}

export function creditViewOf({ requestKey: _key, ...credit }: StaffCredit) {
  return { ...credit, createdAt: credit.createdAt.toISOString(), givenAt: credit.givenAt?.toISOString() ?? null, expiresAt: credit.expiresAt.toISOString() }
}

/** These customers as this role sees them. */
export async function customersForStaff(ctx: Ctx, role: StaffRole, people: readonly Person[]): Promise<CustomerForStaff[]> {
  const ids = people.map((person) => person.id)
  const [phones, standings] = await Promise.all([findPhones(ctx.sql, ctx, ids), findStandings(ctx.sql, ids)])
  const views = people.map((person) => ({
    id: person.id, displayName: person.displayName, phone: phones.get(person.id) ?? null, standing: standings.get(person.id)!, createdAt: person.createdAt.toISOString(),
    suspendedUntil: person.suspendedUntil?.toISOString() ?? null, bannedAt: person.bannedAt?.toISOString() ?? null, erasedAt: person.erasedAt?.toISOString() ?? null,
  }))
  return seesMasked(role) ? views.map(maskCustomer) : views
}

