import { inArray } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { mirrorState, doubtMirror } from './mirror.ts'
import { ONLINE, SENTINEL, capacityKey } from './mirror-keys.ts'
import { mitraSlots } from './tables.ts'

/** Online as the word is used everywhere: approved, wishes it, not stale. `used`: slots in use. */
export type Presence = { isOnline: boolean; used: number }

/**
 * Who of these is online, and how many slots each has in use: read from the mirror, and from Postgres whenever the
 * mirror is away, wiped or in doubt. For showing; what is decided is decided by rows.
 */
export async function findPresence(ctx: Ctx, mitraIds: readonly string[]): Promise<Map<string, Presence>> {
  if (mitraIds.length === 0) return new Map()
  return (await readMirror(ctx, mitraIds)) ?? readRows(ctx.sql, mitraIds)
}

async function readMirror(ctx: Ctx, mitraIds: readonly string[]): Promise<Map<string, Presence> | undefined> {
  if (!mirrorState(ctx).isTrusted) return undefined
  // One MULTI, the sentinel in it: a wipe between two commands would look like everybody having left.
  const answer = await ctx.valkey.attempt(async (client) => {
    const results = await client.multi().exists(SENTINEL).smismember(ONLINE, [...mitraIds]).mget(mitraIds.map(capacityKey)).exec()
    return results?.map(([error, value]) => {
      if (error) throw error
      return value
    })
  })
  if (answer === undefined) return undefined
  if (answer[0] !== 1) {
    doubtMirror(ctx)
    return undefined
  }
  const [, isMember, used] = answer as [number, number[], (string | null)[]]
  return new Map(mitraIds.map((mitraId, index) => [mitraId, { isOnline: isMember[index] === 1, used: Number(used[index] ?? 0) }]))
}

async function readRows(handle: Queryable, mitraIds: readonly string[]): Promise<Map<string, Presence>> {
  const rows = await handle.select().from(mitraSlots).where(inArray(mitraSlots.mitraId, [...mitraIds]))
  return new Map(rows.map((row) => [row.mitraId, { isOnline: row.openCapacity > 0, used: row.used }]))
}
