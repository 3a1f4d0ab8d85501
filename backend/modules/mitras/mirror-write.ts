import type { Redis } from 'iovalkey'
import { DEACTIVATED, ONLINE, SENTINEL, capacityKey, heartbeatKey } from './mirror-keys.ts'
import { hasCapacityKey, type MirrorRow } from './mirror-rows.ts'

// Nothing is written into a wiped mirror: it would look like one with few mitras.
const WRITE = `
if redis.call('exists', KEYS[1]) == 0 then return 0 end
for n = 1, #ARGV / 5 do
  local id, online, deactivated, used, seen = unpack(ARGV, n * 5 - 4, n * 5)
  local capacity, heartbeat = KEYS[2 + n * 2], KEYS[3 + n * 2]
  redis.call(online == '1' and 'sadd' or 'srem', KEYS[2], id)
  redis.call(deactivated == '1' and 'sadd' or 'srem', KEYS[3], id)
  if used == '' then redis.call('del', capacity) else redis.call('set', capacity, used) end
  if seen == '' then redis.call('del', heartbeat) else redis.call('set', heartbeat, seen) end
end
return 1`

/** Writes these mitras at once; answers false, and writes nothing, when the mirror was wiped. */
export async function writeMirrorRows(client: Redis, rows: readonly MirrorRow[]): Promise<boolean> {
  const keys = [SENTINEL, ONLINE, DEACTIVATED, ...rows.flatMap((row) => [capacityKey(row.mitraId), heartbeatKey(row.mitraId)])]
  const values = rows.flatMap((row) => [
    row.mitraId, row.isOnline ? '1' : '0', row.isDeactivated ? '1' : '0', hasCapacityKey(row) ? String(row.used) : '',
    row.isOnline ? (row.lastSeenAt?.toISOString() ?? '') : '',
  ])
  return (await client.eval(WRITE, keys.length, ...keys, ...values)) === 1
}
