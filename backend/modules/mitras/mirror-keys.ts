/** The mirror's keys, exactly as everybody outside of this process knows them. */
export const ONLINE = 'mitras:online'
export const DEACTIVATED = 'mitras:deactivated'
export const capacityKey = (mitraId: string): string => `mitra:capacity:${mitraId}`
export const heartbeatKey = (mitraId: string): string => `mitra:heartbeat:${mitraId}`
/** Matches the keys of single mitras, and nothing of the sets. */
export const PER_MITRA_PATTERN = 'mitra:*'

/** There as long as the mirror is whole: gone after a wipe. Kept apart from the mirror's own names. */
export const SENTINEL = 'mirror:whole'
/** What a rebuild writes to before it takes effect; ends by itself where the rebuild died. */
export const buildingKey = (buildId: string, part: 'token' | 'online' | 'deactivated'): string => `mirror:building:${buildId}:${part}`
/** Whose turn it is to measure drift, and what the last one found. */
export const DRIFT_TURN = 'mirror:drift-turn'
export const DRIFT_FOUND = 'mirror:drift-found'

/** Ids in one command or pipeline: large enough to be quick, small enough to let others in between. */
export const CHUNK = 1000

export function* chunked<T>(items: readonly T[], size = CHUNK): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
