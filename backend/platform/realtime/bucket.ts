/** A bucket of frames: `left` now, refilled as time goes on. Plain numbers: ten thousand sockets have one each. */
export type Bucket = { left: number; filledAtMs: number }

export const fullBucket = (burst: number, nowMs: number): Bucket => ({ left: burst, filledAtMs: nowMs })

/** Takes one frame out; false when the bucket is empty. */
export function takeFrame(bucket: Bucket, rate: { burst: number; perSecond: number }, nowMs: number): boolean {
  bucket.left = Math.min(rate.burst, bucket.left + ((nowMs - bucket.filledAtMs) * rate.perSecond) / 1000)
  bucket.filledAtMs = nowMs
  if (bucket.left < 1) return false
  bucket.left--
  return true
}
