import { and, eq, gt, ilike, isNull, or } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { World } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Kind } from './contract.ts'
import { PERSON, type Person } from './people.ts'
import { parsePhone, storePhone } from './phones.ts'
import { users } from './tables.ts'

/** Ids of people whose name contains `q` or, where `byPhone`, whose whole number it is, in order of id; for staff. */
export async function searchPeople(handle: Queryable, world: Pick<World, 'env' | 'settings'>, input: { kind: Kind; q: string; byPhone: boolean; limit: number }): Promise<string[]> {
  const phoneHash = input.byPhone ? hashOf(world, input.q) : undefined
  const pattern = `%${input.q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  const rows = await handle.select({ id: users.id }).from(users).where(and(
    eq(users.kind, input.kind), isNull(users.erasedAt), or(ilike(users.displayName, pattern), phoneHash ? eq(users.phoneHash, phoneHash) : undefined),
  )).orderBy(users.id).limit(input.limit)
  return rows.map((row) => row.id)
}

/** People of one kind in order of id, `limit` of them after `after`; among `ids` where they are given. Erased ones too. */
export async function listPeople(handle: Queryable, input: { kind: Kind; ids?: readonly string[] | undefined; after?: string | undefined; limit: number }): Promise<Person[]> {
  if (input.ids?.length === 0) return []
  return handle.select(PERSON).from(users).where(and(
    eq(users.kind, input.kind), input.ids ? isAnyOf(users.id, input.ids) : undefined, input.after === undefined ? undefined : gt(users.id, input.after),
  )).orderBy(users.id).limit(input.limit)
}

function hashOf(world: Pick<World, 'env' | 'settings'>, q: string): Buffer | undefined {
  if (!/^\+?[\d\s-]{6,20}$/.test(q)) return undefined
  try {
    return storePhone(world.env, parsePhone(q, world.settings.get('phonePrefixes'))).phoneHash
  } catch {
    return undefined // no number: part of a name, maybe
  }
}
