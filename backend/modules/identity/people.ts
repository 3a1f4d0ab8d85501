import { alias, and, eq, inArray, isNotNull, ne, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { World } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { readPhone } from './phones.ts'
import { deviceMarks, users, type User } from './tables.ts'

export const PERSON = {
  id: users.id, kind: users.kind, displayName: users.displayName, gender: users.gender, language: users.language, timeZone: users.timeZone,
  phoneHash: users.phoneHash, suspendedUntil: users.suspendedUntil, bannedAt: users.bannedAt, erasedAt: users.erasedAt,
  /** What is older belongs to an earlier owner of the number, maybe: it is not shown. */
  historyFrom: users.historyFrom, createdAt: users.createdAt,
}
export type Person = Pick<User, keyof typeof PERSON>

/** The persons with these ids, erased ones too; who does not exist is not in the map. */
export async function findPeople(handle: Queryable, ids: readonly string[]): Promise<Map<string, Person>> {
  if (ids.length === 0) return new Map()
  const rows = await handle.select(PERSON).from(users).where(isAnyOf(users.id, ids))
  return new Map(rows.map((row) => [row.id, row]))
}

/** The accounts that these numbers have, of both kinds, erased ones too. */
export async function findIdsOfNumbers(handle: Queryable, phoneHashes: readonly Buffer[]): Promise<string[]> {
  if (phoneHashes.length === 0) return []
  const rows = await handle.select({ id: users.id }).from(users).where(sql`${users.phoneHash} = any(${sql.param([...phoneHashes])}::bytea[])`)
  return rows.map((row) => row.id)
}

/** The pairs `<id>:<otherId>` of accounts that belong to one person: the same number, or a push token that both have had. */
export async function findSamePersonPairs(handle: Queryable, ids: readonly string[], otherIds: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0 || otherIds.length === 0) return new Set()
  const own = alias(users, 'own')
  const ownMarks = alias(deviceMarks, 'own_marks')
  const byPhone = handle.select({ id: own.id, otherId: users.id }).from(own)
    .innerJoin(users, and(eq(users.phoneHash, own.phoneHash), ne(users.id, own.id)))
    .where(and(inArray(own.id, [...ids]), inArray(users.id, [...otherIds])))
  const byToken = handle.select({ id: ownMarks.userId, otherId: deviceMarks.userId }).from(ownMarks)
    .innerJoin(deviceMarks, and(eq(deviceMarks.tokenHash, ownMarks.tokenHash), ne(deviceMarks.userId, ownMarks.userId)))
    .where(and(inArray(ownMarks.userId, [...ids]), inArray(deviceMarks.userId, [...otherIds])))
  const rows = await byPhone.union(byToken)
  return new Set(rows.map((row) => `${row.id}:${row.otherId}`))
}

/** The number of a person in E.164, in clear: for staff who may see it. Undefined once it is erased. */
export async function findPhone(handle: Queryable, world: Pick<World, 'env'>, userId: string): Promise<string | undefined> {
  return (await findPhones(handle, world, [userId])).get(userId)
}

/** The same for many; who has no number any more is not in the map. */
export async function findPhones(handle: Queryable, world: Pick<World, 'env'>, userIds: readonly string[]): Promise<Map<string, string>> {
  if (userIds.length === 0) return new Map()
  const rows = await handle.select({ id: users.id, phoneEncrypted: users.phoneEncrypted }).from(users).where(inArray(users.id, [...userIds]))
  return new Map(rows.flatMap((row) => (row.phoneEncrypted ? [[row.id, readPhone(world.env, row.phoneEncrypted)] as const] : [])))
}

/** The same as they are kept, for `readPhone`: one that can't be read is nobody else's trouble. */
export async function findSealedPhones(handle: Queryable, userIds: readonly string[]): Promise<Map<string, Buffer>> {
  if (userIds.length === 0) return new Map()
  const rows = await handle.select({ id: users.id, phoneEncrypted: users.phoneEncrypted }).from(users).where(isAnyOf(users.id, userIds))
  return new Map(rows.flatMap((row) => (row.phoneEncrypted ? [[row.id, row.phoneEncrypted] as const] : [])))
}

/** Which of these persons are erased: nothing is told to them any more. */
export async function findErased(handle: Queryable, ids: readonly string[]): Promise<Set<string>> {
  const rows = await handle.select({ id: users.id }).from(users).where(and(isAnyOf(users.id, ids), isNotNull(users.erasedAt)))
  return new Set(rows.map((row) => row.id))
}

/** The caller's own row. Throws `unauthenticated` when the account is gone. */
export async function getUser(handle: Queryable, userId: string): Promise<User> {
  const [user] = await handle.select().from(users).where(eq(users.id, userId))
  if (!user || user.erasedAt) throw new AppError('unauthenticated', 'This account is gone.')
  return user
}
