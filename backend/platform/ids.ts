import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'
import type { Clock } from './clock.ts'

export type Ids = { next(): string }

/** A clock that was corrected by less holds the ids back, so that they still grow; one that was wrong by more is followed. */
const HELD_BACK_MS = 1000

/** Random bytes are asked for so many ids at once: asked for one by one they are the larger part of an id. */
const POOLED = 512
const BYTES = 16

/**
 * UUIDv7 by Postgres' time: ids grow within this process, so that primary keys append, and lists by id are in order
 * whatever the clocks of the replicas say.
 */
export function createIds(clock: Pick<Clock, 'nowMs'>): Ids {
  let msecs = 0
  let seq = 0
  const pool = new Uint8Array(POOLED * BYTES)
  let used = pool.length
  const random = () => {
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    return pool.subarray(used, used += BYTES)
  }
  return {
    next() {
      const nowMs = clock.nowMs()
      if (nowMs > msecs || nowMs < msecs - HELD_BACK_MS) {
        msecs = nowMs
        // Only where the counter begins within its 32 bits; the random part of the id is uuid's own.
        seq = Math.floor(Math.random() * 2 ** 31)
      } else if (++seq >= 2 ** 32) {
        msecs++
        seq = 0
      }
      return v7({ msecs, seq, random: random() })
    },
  }
}

/** Below every id of this moment and later, above all before it. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
