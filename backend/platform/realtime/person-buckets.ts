import type { Ctx } from '../ctx.ts'
import { fullBucket, refill, type Bucket } from './bucket.ts'

/** A person may send this many times what a socket may. */
export const PERSON_FACTOR = 2

/** What people may still send. A bucket outlives its person's last socket until it is full again: coming back renews nothing. */
export type PersonBuckets = {
  /** Of somebody who comes. */
  take(userId: string, nowMs: number): Bucket
  /** A new socket may send no more than its person. */
  share(person: Bucket, socket: Bucket, nowMs: number): void
  /** Of somebody whose last socket has gone. */
  rest(userId: string, bucket: Bucket, nowMs: number): void
  /** How many rest: at most those who went within the time in which a bucket fills. */
  resting(): number
}

export function createPersonBuckets({ settings }: Pick<Ctx, 'settings'>): PersonBuckets {
  const resting = new Map<string, Bucket>()
  const burst = () => settings.get('framesBurst') * PERSON_FACTOR
  const perSecond = () => settings.get('framesPerSecond') * PERSON_FACTOR
  const tidy = (nowMs: number) => {
    const fullAfterMs = (burst() / perSecond()) * 1000
    // In the order in which they went.
    for (const [userId, bucket] of resting) {
      if (nowMs - bucket.filledAtMs < fullAfterMs) return
      resting.delete(userId)
    }
  }
  return {
    take(userId, nowMs) {
      tidy(nowMs)
      const bucket = resting.get(userId) ?? fullBucket(burst(), nowMs)
      resting.delete(userId)
      return bucket
    },
    share(person, socket, nowMs) {
      refill(person, burst(), perSecond(), nowMs)
      socket.left = Math.min(socket.left, person.left)
    },
    rest(userId, bucket, nowMs) {
      tidy(nowMs)
      refill(bucket, burst(), perSecond(), nowMs)
      if (bucket.left < burst()) resting.set(userId, bucket)
    },
    resting: () => resting.size,
  }
}
