import { and, desc, eq, gte, lt, or, sql, type AnyPgColumn } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { findIdsOfNumbers, findPeople } from '../identity/index.ts'
import { blocks, type Block } from './tables.ts'

/** Somebody by account and by number. */
export type Who = { id: string; phoneHash: Buffer }

/** Remembers that these two never meet again. A repeat answers the first. */
export async function addBlock(tx: Tx, { blocker, blocked }: { blocker: Who; blocked: Who }): Promise<{ block: Block; isNew: boolean }> {
  const [made] = await tx.sql.insert(blocks).values({
    id: tx.ids.next(), blockerId: blocker.id, blockerHash: blocker.phoneHash, blockedId: blocked.id, blockedHash: blocked.phoneHash,
  }).onConflictDoNothing().returning()
  if (made) return { block: made, isNew: true }
  const [known] = await tx.sql.select().from(blocks).where(and(eq(blocks.blockerId, blocker.id), eq(blocks.blockedId, blocked.id)))
  return { block: known!, isNew: false }
}

/** Takes the blocker's own blocks of this person back, those of earlier accounts of the two numbers too. What the other side asked for stays. */
export async function removeBlock(tx: Tx, { blocker, blocked }: { blocker: Who; blocked: Who }): Promise<void> {
  await tx.sql.delete(blocks).where(and(
    or(eq(blocks.blockerId, blocker.id), eq(blocks.blockerHash, blocker.phoneHash)), or(eq(blocks.blockedId, blocked.id), eq(blocks.blockedHash, blocked.phoneHash)),
  ))
}

/** Whom this account has blocked, newest first; since `from`, where what is older belonged to somebody else. */
export async function findOwnBlocks(handle: Queryable, which: { blockerId: string; from: Date | null; limit: number; cursor?: string | undefined }): Promise<Block[]> {
  return handle.select().from(blocks).where(and(
    eq(blocks.blockerId, which.blockerId), which.from ? gte(blocks.createdAt, which.from) : undefined, which.cursor === undefined ? undefined : lt(blocks.id, which.cursor),
  )).orderBy(desc(blocks.id)).limit(which.limit)
}

/** The pairs `<id>:<otherId>` of whom one has blocked the other. One look-up by those of `ids`, whoever `otherIds` are. */
export async function findBlockedPairs(handle: Queryable, ids: readonly string[], otherIds: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0 || otherIds.length === 0) return new Set()
  const people = await findPeople(handle, ids)
  const rows = await findBlocksOf(handle, [...people.values()])
  if (rows.length === 0) return new Set()
  const [own, others] = [accountsOf([...people.values()]), accountsOf([...(await findPeople(handle, otherIds)).values()])]
  const found = new Set<string>()
  for (const row of rows) {
    for (const [one, other] of [[blockerOf(row), blockedOf(row)], [blockedOf(row), blockerOf(row)]] as const) {
      const theirs = others(other)
      for (const id of theirs.size > 0 ? own(one) : []) for (const otherId of theirs) found.add(`${id}:${otherId}`)
    }
  }
  return found
}

// Which of these people somebody is, by account or by number.
function accountsOf(people: readonly Who[]): (who: Who) => Set<string> {
  const ids = new Set(people.map((person) => person.id))
  const byNumber = Map.groupBy(people, (person) => person.phoneHash.toString('hex'))
  return (who) => new Set([...(ids.has(who.id) ? [who.id] : []), ...(byNumber.get(who.phoneHash.toString('hex')) ?? []).map((person) => person.id)])
}

/** Whether these two may not meet, and whether the first of them asked for it. */
export async function findBlockBetween(handle: Queryable, id: string, otherId: string): Promise<'own' | 'theirs' | undefined> {
  const people = await findPeople(handle, [id, otherId])
  const [own, other] = [people.get(id), people.get(otherId)]
  if (!own || !other) return undefined
  const rows = await findBlocksOf(handle, [own])
  if (rows.some((row) => isSame(own, blockerOf(row)) && isSame(other, blockedOf(row)))) return 'own'
  return rows.some((row) => isSame(own, blockedOf(row)) && isSame(other, blockerOf(row))) ? 'theirs' : undefined
}

/** Every account that this one may not meet, of either kind. */
export async function findBlockedIds(handle: Queryable, id: string): Promise<string[]> {
  const own = (await findPeople(handle, [id])).get(id)
  const rows = own ? await findBlocksOf(handle, [own]) : []
  if (!own || rows.length === 0) return []
  const others = rows.map((row) => (isSame(own, blockerOf(row)) ? blockedOf(row) : blockerOf(row)))
  return [...new Set([...others.map((other) => other.id), ...await findIdsOfNumbers(handle, others.map((other) => other.phoneHash))])]
}

async function findBlocksOf(handle: Queryable, people: readonly Who[]): Promise<Block[]> {
  if (people.length === 0) return []
  const ids = people.map((person) => person.id)
  const hashes = sql.param(people.map((person) => person.phoneHash))
  const isOf = (hash: AnyPgColumn) => sql`${hash} = any(${hashes}::bytea[])`
  return handle.select().from(blocks).where(or(isAnyOf(blocks.blockerId, ids), isOf(blocks.blockerHash), isAnyOf(blocks.blockedId, ids), isOf(blocks.blockedHash)))
}

const blockerOf = (row: Block): Who => ({ id: row.blockerId, phoneHash: row.blockerHash })
const blockedOf = (row: Block): Who => ({ id: row.blockedId, phoneHash: row.blockedHash })
const isSame = (person: Who, other: Who): boolean => person.id === other.id || person.phoneHash.equals(other.phoneHash)
