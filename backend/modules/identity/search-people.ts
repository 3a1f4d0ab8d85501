import { and, desc, eq, gt, isNotNull, isNull, lt, or, sql, type SQL } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { World } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Kind } from './contract.ts'
import { PERSON, type Person } from './people.ts'
import { parsePhone, storePhone } from './phones.ts'
import { users } from './tables.ts'

/** What somebody typed who looks for a person: an id, a whole number, or words of a name. */
export type Sought = { id: string } | { phoneHash: Buffer } | { words: readonly string[] }
/** How a person stands; without a sanction and not erased they are `active`. */
export type StandingFilter = 'active' | 'suspended' | 'banned' | 'erased'

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** A name that many have is found among so many of the newest: the index would have to be read to its end. */
const NEWEST = 2000
/** Shorter words have no place of their own in an index of trigrams, but at the beginning of a word of the name. */
const TRIGRAM = 3

/** `byPhone`: whether the one who asks may find people by their number. */
export function readSought(world: Pick<World, 'env' | 'settings'>, q: string, { byPhone }: { byPhone: boolean }): Sought {
  if (ID.test(q)) return { id: q.toLowerCase() }
  const phoneHash = byPhone ? hashOf(world, q) : undefined
  return phoneHash ? { phoneHash } : { words: q.split(/\s+/).filter((word) => word !== '') }
}

/**
 * Ids of the people who are sought (id), as a query for another module's statement. Each word stands somewhere in the
 * name, one of a letter or two at the beginning of a word; erased ones are found by their id alone.
 */
export function soughtPeople(kind: Kind, sought: Sought): SQL {
  return sql`select ${users.id} from ${users} where ${condition(kind, sought)}`
}

export type PeopleFilter = {
  kind: Kind
  sought?: Sought | undefined
  standing?: StandingFilter | undefined
  /** Only those whose ids this query answers. */
  among?: SQL | undefined
  /** An id; the list goes on after it. */
  before?: string | undefined
  limit: number
}

/** People for staff, the newest first; erased ones too unless they are sought by number or name. */
export async function listPeople(handle: Queryable, filter: PeopleFilter): Promise<Person[]> {
  const ids = await findIds(handle, filter)
  if (ids.length === 0) return []
  return handle.select(PERSON).from(users).where(isAnyOf(users.id, ids)).orderBy(desc(users.id))
}

async function findIds(handle: Queryable, { kind, sought, standing, among, before, limit }: PeopleFilter): Promise<string[]> {
  const isListed = and(standing && STANDINGS[standing], before === undefined ? undefined : lt(users.id, before))
  if (sought === undefined && among === undefined) {
    return idsOf(handle, sql`select ${users.id} from ${users} where ${and(eq(users.kind, literal(kind)), isListed)} order by ${users.id} desc limit ${limit}`)
  }
  if (sought !== undefined && 'words' in sought && among === undefined) {
    const newest = await idsOf(handle, sql`
      select id from (select ${users.id}, ${users.displayName} from ${users} where ${and(eq(users.kind, literal(kind)), isNull(users.erasedAt), isListed)} order by ${users.id} desc limit ${NEWEST}) newest
      where ${hasWords(sql`display_name`, sought.words)} order by id desc limit ${limit}`)
    if (newest.length === limit) return newest
  }
  // Materialized: the planner would walk through all people for the first few that it takes to be everywhere.
  return idsOf(handle, sql`
    with wanted as materialized (${among ?? soughtPeople(kind, sought!)}),
    found as materialized (select ${users.id} from ${users} where ${and(sql`${users.id} in (select * from wanted)`, condition(kind, among ? sought : undefined), isListed)})
    select id from found order by id desc limit ${limit}`)
}

const STANDINGS: Record<StandingFilter, SQL | undefined> = {
  active: and(isNull(users.erasedAt), isNull(users.bannedAt), or(isNull(users.suspendedUntil), sql`${users.suspendedUntil} <= app_now()`)),
  suspended: and(isNull(users.erasedAt), isNull(users.bannedAt), gt(users.suspendedUntil, sql`app_now()`)),
  banned: and(isNull(users.erasedAt), isNotNull(users.bannedAt)),
  erased: isNotNull(users.erasedAt),
}

/** How each of these people stands now; ids of nobody are left out. */
export async function findStandings(handle: Queryable, ids: readonly string[]): Promise<Map<string, StandingFilter>> {
  if (ids.length === 0) return new Map()
  const standing = sql<StandingFilter>`case when ${STANDINGS.erased} then 'erased' when ${STANDINGS.banned} then 'banned' when ${STANDINGS.suspended} then 'suspended' else 'active' end`
  const rows = await handle.select({ id: users.id, standing }).from(users).where(isAnyOf(users.id, ids))
  return new Map(rows.map((row) => [row.id, row.standing]))
}

function condition(kind: Kind, sought: Sought | undefined): SQL | undefined {
  const isKind = eq(users.kind, literal(kind))
  if (sought === undefined) return isKind
  if ('id' in sought) return and(eq(users.id, sought.id), isKind)
  return and(isKind, isNull(users.erasedAt), 'phoneHash' in sought ? eq(users.phoneHash, sought.phoneHash) : hasWords(sql`${users.displayName}`, sought.words))
}

function hasWords(name: SQL, words: readonly string[]): SQL | undefined {
  return and(...words.map((word) => {
    const escaped = word.replaceAll(/[\\%_]/g, String.raw`\$&`)
    if (word.length >= TRIGRAM) return sql`${name} ilike ${`%${escaped}%`}`
    return sql`(${name} ilike ${`${escaped}%`} or ${name} ilike ${`% ${escaped}%`})`
  }))
}

// Written into the statement: indexes for one kind serve it under any plan.
const literal = (kind: Kind): SQL => (kind === 'mitra' ? sql`'mitra'` : sql`'customer'`)

async function idsOf(handle: Queryable, query: SQL): Promise<string[]> {
  return (await handle.execute<{ id: string }>(query)).rows.map((row) => row.id)
}

/** The hash of a whole number, however it is written: with or without +, spaces, dots, dashes, brackets. */
function hashOf(world: Pick<World, 'env' | 'settings'>, q: string): Buffer | undefined {
  if (!/^\+?[\d\s().-]{6,25}$/.test(q)) return undefined
  const digits = q.replaceAll(/[^\d+]/g, '')
  for (const text of [digits, `+${digits}`]) {
    try {
      return storePhone(world.env, parsePhone(text, world.settings.get('phonePrefixes'))).phoneHash
    } catch {
      // No number in this writing.
    }
  }
  return undefined
}
