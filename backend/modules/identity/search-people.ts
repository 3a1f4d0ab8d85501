import { and, eq, ilike, isNull, or } from '../../platform/drizzle.ts'
import type { World } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Kind } from './contract.ts'
import { parsePhone, storePhone } from './phones.ts'
import { users } from './tables.ts'

/** Ids of people whose name contains `q` or whose whole number it is, in order of id; for staff. */
export async function searchPeople(handle: Queryable, world: Pick<World, 'env' | 'settings'>, input: { kind: Kind; q: string; limit: number }): Promise<string[]> {
  const phoneHash = hashOf(world, input.q)
  const pattern = `%${input.q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  const rows = await handle.select({ id: users.id }).from(users).where(and(
    eq(users.kind, input.kind), isNull(users.erasedAt), or(ilike(users.displayName, pattern), phoneHash ? eq(users.phoneHash, phoneHash) : undefined),
  )).orderBy(users.id).limit(input.limit)
  return rows.map((row) => row.id)
}

function hashOf(world: Pick<World, 'env' | 'settings'>, q: string): Buffer | undefined {
  if (!/^\+?[\d\s-]{6,20}$/.test(q)) return undefined
  try {
    return storePhone(world.env, parsePhone(q, world.settings.get('phonePrefixes'))).phoneHash
  } catch {
    return undefined // no number: part of a name, maybe
  }
}
