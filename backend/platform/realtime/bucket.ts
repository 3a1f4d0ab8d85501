/** A bucket of frames: `left` now, refilled as time goes on. Plain numbers: ten thousand sockets have one each. */
export type Bucket = { left: number; filledAtMs: number }

export const fullBucket = (burst: number, nowMs: number): Bucket => ({ left: burst, filledAtMs: nowMs })

/** Puts in what came back meanwhile. */
export function refill(bucket: Bucket, burst: number, perSecond: number, nowMs: number): void {
  bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.filledAtMs) * perSecond) / 1000)
  bucket.filledAtMs = nowMs
}

/** Takes one frame out; false when the bucket is empty. */
export function takeFrame(bucket: Bucket, burst: number, perSecond: number, nowMs: number): boolean {
  refill(bucket, burst, perSecond, nowMs)
  if (bucket.left < 1) return false
  bucket.left--
  return true
}
