/** So many sockets a second are to come back to a replica. */
const PER_SECOND = 500
const LEAST_SPREAD_MS = 1000
const MOST_SPREAD_MS = 30_000

/**
 * How long (ms) a client waits before it comes back once its socket is lost: random, and spread the more the more
 * sockets were here, so that a herd comes as a stream.
 */
export function reconnectAfterMs(sockets: number): number {
  const spread = Math.min(MOST_SPREAD_MS, Math.max(LEAST_SPREAD_MS, (sockets / PER_SECOND) * 1000))
  return Math.round(Math.random() * spread)
}
