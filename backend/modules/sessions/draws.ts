/** Seeded draws that belong to somebody: the same key, run and purpose give the same number, whoever else is there. */

/** A key of 32 bits for an id. */
export function keyOf(id: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  let at = 0
  for (; at + 3 < id.length; at += 4) hash = Math.imul(hash ^ (id.charCodeAt(at) | (id.charCodeAt(at + 1) << 8) | (id.charCodeAt(at + 2) << 16) | (id.charCodeAt(at + 3) << 24)), 0x9e3779b1) ^ (hash >>> 15)
  for (; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return mix(hash)
}

function mix(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x7feb352d)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x846ca68b)
  return hash ^ (hash >>> 16)
}

/** 32 bits. */
export function drawBits(key: number, run: number, purpose: number): number {
  return mix(key ^ Math.imul(run + 1, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca6b))
}

/** Between 0 and 1, both excluded. */
export function draw(key: number, run: number, purpose: number): number {
  return ((drawBits(key, run, purpose) >>> 0) + 0.5) / 4_294_967_296
}

// Logarithms would be a sixth of a simulation's time: a thousand values are as good.
const EXPONENTIAL = Float64Array.from({ length: 1024 }, (_, at) => -Math.log1p(-(at + 0.5) / 1024))

/** Seconds until something that happens at `rate` a second; never at 0. */
export function untilNext(rate: number, key: number, run: number, purpose: number): number {
  return rate > 0 ? EXPONENTIAL[drawBits(key, run, purpose) >>> 22]! / rate : Infinity
}

/** A distribution as its quantiles at equal distances, the least and the greatest included. Only grows. */
export type Quantiles = Float64Array

/** What a share of all stays below. */
export function valueAt(quantiles: Quantiles, share: number): number {
  const at = share * (quantiles.length - 1)
  const below = Math.min(at | 0, quantiles.length - 2)
  const low = quantiles[below]!
  return low + (quantiles[below + 1]! - low) * (at - below)
}

/** The share of all that stays at or below a value. */
export function shareUpTo(quantiles: Quantiles, value: number): number {
  const last = quantiles.length - 1
  if (value < quantiles[0]!) return 0
  if (value >= quantiles[last]!) return 1
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (quantiles[middle]! <= value) low = middle
    else high = middle
  }
  return (low + (value - quantiles[low]!) / (quantiles[high]! - quantiles[low]!)) / last
}
