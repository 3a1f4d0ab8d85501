import type { ChainableCommander, Redis } from 'iovalkey'
import type { Ctx } from '../../platform/ctx.ts'
import { mirrorChanged, mirrorSettled, mirrorState } from './mirror.ts'
import { findDifferences } from './mirror-compare.ts'
import { DEACTIVATED, ONLINE, PER_MITRA_PATTERN, SENTINEL, buildingKey, capacityKey, chunked, heartbeatKey } from './mirror-keys.ts'
import { databaseTime, findMirrored, hasCapacityKey, type MirrorRow } from './mirror-rows.ts'

const ATTEMPTS = 3
const BUILD_MS = 60_000

// All or nothing: a wipe in the middle of the build took its token or some of its members away.
const SWAP = `
if redis.call('exists', KEYS[1]) == 0 then return 0 end
if redis.call('scard', KEYS[2]) ~= tonumber(ARGV[1]) or redis.call('scard', KEYS[3]) ~= tonumber(ARGV[2]) then return 0 end
for n = 2, 3 do
  local live = KEYS[n + 2]
  if redis.call('exists', KEYS[n]) == 1 then
    redis.call('rename', KEYS[n], live)
    redis.call('persist', live)
  else
    redis.call('del', live)
  end
end
redis.call('set', KEYS[6], ARGV[3])
redis.call('del', KEYS[1])
return 1`

/**
 * Rebuilds the mirror from rows, so that a reader sees the old one or the new one, never half of one. Replicas may do it
 * at the same time: what changed between reading and swapping is compared, and put right, afterwards.
 * Answers whether the mirror is whole; false when Valkey is away (Postgres serves meanwhile).
 */
export async function seedFromPostgres(ctx: Ctx): Promise<boolean> {
  const state = mirrorState(ctx)
  for (let attempt = 1; attempt <= ATTEMPTS && ctx.valkey.isUp(); attempt++) {
    const { doubts } = state
    const rows = await build(ctx)
    if (!rows) continue
    ctx.metrics.mirrorReseeds.inc()
    const isClean = await ctx.valkey.attempt((client) => removeLeftovers(client, rows))
    const differences = await findDifferences(ctx)
    if (isClean === undefined || differences === undefined) continue
    mirrorChanged(ctx, differences)
    await mirrorSettled(ctx)
    if (state.doubts !== doubts) continue
    state.isTrusted = true
    return true
  }
  return false
}

async function build(ctx: Ctx): Promise<MirrorRow[] | undefined> {
  const buildId = ctx.ids.next()
  const token = buildingKey(buildId, 'token')
  // The token comes before the reading: a wipe from here on is noticed at the swap.
  if ((await ctx.valkey.attempt((client) => client.set(token, '1', 'PX', BUILD_MS))) === undefined) return undefined
  const [rows, now] = await Promise.all([findMirrored(ctx.sql), databaseTime(ctx.sql)])
  const swapped = await ctx.valkey.attempt(async (client) => {
    for (const some of chunked(rows)) await run(fill(client.pipeline(), buildId, some, now))
    const online = rows.filter((row) => row.isOnline).length
    const deactivated = rows.filter((row) => row.isDeactivated).length
    const parts = [buildingKey(buildId, 'online'), buildingKey(buildId, 'deactivated')]
    return client.eval(SWAP, 6, token, ...parts, ONLINE, DEACTIVATED, SENTINEL, online, deactivated, buildId)
  })
  return swapped === 1 ? rows : undefined
}

// The keys of single mitras are right one by one and need no temporary name; a heartbeat is now, as nothing decides by it.
function fill(pipeline: ChainableCommander, buildId: string, rows: readonly MirrorRow[], now: Date): ChainableCommander {
  const parts = { online: rows.filter((row) => row.isOnline), deactivated: rows.filter((row) => row.isDeactivated) }
  for (const part of ['online', 'deactivated'] as const) {
    if (parts[part].length === 0) continue
    pipeline.sadd(buildingKey(buildId, part), ...parts[part].map((row) => row.mitraId)).pexpire(buildingKey(buildId, part), BUILD_MS)
  }
  const capacities = rows.filter(hasCapacityKey).flatMap((row) => [capacityKey(row.mitraId), String(row.used)])
  if (capacities.length > 0) pipeline.mset(capacities)
  const heartbeats = parts.online.flatMap((row) => [heartbeatKey(row.mitraId), now.toISOString()])
  if (heartbeats.length > 0) pipeline.mset(heartbeats)
  return pipeline
}

async function removeLeftovers(client: Redis, rows: readonly MirrorRow[]): Promise<number> {
  const expected = new Set(rows.flatMap((row) => [
    ...(hasCapacityKey(row) ? [capacityKey(row.mitraId)] : []), ...(row.isOnline ? [heartbeatKey(row.mitraId)] : []),
  ]))
  const own = [capacityKey(''), heartbeatKey('')]
  let cursor = '0'
  let removed = 0
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', PER_MITRA_PATTERN, 'COUNT', 1000)
    const leftover = keys.filter((key) => !expected.has(key) && own.some((prefix) => key.startsWith(prefix)))
    if (leftover.length > 0) removed += await client.unlink(...leftover)
    cursor = next
  } while (cursor !== '0')
  return removed
}

async function run(pipeline: ChainableCommander): Promise<void> {
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
}
