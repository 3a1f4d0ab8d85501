import type { Redis } from 'iovalkey'
import type { Ctx } from '../../platform/ctx.ts'
import { DEACTIVATED, ONLINE, capacityKey, chunked, heartbeatKey } from './mirror-keys.ts'
import { findMirrorRows, findMirrored, hasCapacityKey, type MirrorRow } from './mirror-rows.ts'

/** Ids of the mitras of whom the mirror and Postgres differ, some of them only because a change is on its way; undefined when Valkey is away. */
export async function findDifferences(ctx: Ctx): Promise<string[] | undefined> {
  const rows = await findMirrored(ctx.sql)
  return ctx.valkey.attempt(async (client) => {
    const [online, deactivated] = [await members(client, ONLINE), await members(client, DEACTIVATED)]
    const known = new Set(rows.map((row) => row.mitraId))
    const unknown = [...online, ...deactivated].filter((mitraId) => !known.has(mitraId))
    const differing = await compare(client, rows, (row) => ({ isOnline: online.has(row.mitraId), isDeactivated: deactivated.has(row.mitraId) }))
    return [...new Set([...unknown, ...differing])]
  })
}

/** Those of the given mitras of whom the mirror and Postgres still differ. */
export async function findStillDiffering(ctx: Ctx, mitraIds: readonly string[]): Promise<string[] | undefined> {
  const rows = await findMirrorRows(ctx.sql, mitraIds)
  const known = new Set(rows.map((row) => row.mitraId))
  return ctx.valkey.attempt(async (client) => {
    const online = await areMembers(client, ONLINE, mitraIds)
    const deactivated = await areMembers(client, DEACTIVATED, mitraIds)
    const unknown = mitraIds.filter((mitraId) => !known.has(mitraId) && (online.has(mitraId) || deactivated.has(mitraId)))
    const differing = await compare(client, rows, (row) => ({ isOnline: online.has(row.mitraId), isDeactivated: deactivated.has(row.mitraId) }))
    return [...unknown, ...differing]
  })
}

type InSets = { isOnline: boolean; isDeactivated: boolean }

async function compare(client: Redis, rows: readonly MirrorRow[], inSets: (row: MirrorRow) => InSets): Promise<string[]> {
  const differing: string[] = []
  for (const some of chunked(rows)) {
    const [used, heartbeats] = await Promise.all([
      client.mget(some.map((row) => capacityKey(row.mitraId))),
      client.mget(some.map((row) => heartbeatKey(row.mitraId))),
    ])
    for (const [index, row] of some.entries()) {
      const { isOnline, isDeactivated } = inSets(row)
      const isRight = isOnline === row.isOnline && isDeactivated === row.isDeactivated
        && (used[index] ?? null) === (hasCapacityKey(row) ? String(row.used) : null)
        && (typeof heartbeats[index] === 'string') === row.isOnline
      if (!isRight) differing.push(row.mitraId)
    }
  }
  return differing
}

// SSCAN and not SMEMBERS: a large set must not stop Valkey for everybody.
async function members(client: Redis, key: string): Promise<Set<string>> {
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, some] = await client.sscan(key, cursor, 'COUNT', 1000)
    for (const member of some) found.add(member)
    cursor = next
  } while (cursor !== '0')
  return found
}

async function areMembers(client: Redis, key: string, mitraIds: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (const some of chunked(mitraIds)) {
    const answers = await client.smismember(key, some)
    for (const [index, mitraId] of some.entries()) if (answers[index] === 1) found.add(mitraId)
  }
  return found
}
