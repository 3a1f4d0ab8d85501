/** Two samples of a clock that went on can't be further apart than their round trips and this (ms). */
const TOLERANCE_MS = 500

/** The server's time, as far as a client can tell it: by samples of round trips, never by the device's own date. */
export class ServerClock {
  #samples = []
  #isStale = false
  #now

  /** `now`: milliseconds that only go forward. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /**
   * One round trip: when it was asked, when the answer came (both by `now`), and the `serverTime` in it. The server
   * wrote it somewhere in between; the middle is wrong by half the round trip at most, so the shortest one counts.
   */
  sample(askedAt, answeredAt, serverTime) {
    const sample = { tripMs: answeredAt - askedAt, offsetMs: Date.parse(serverTime) - (askedAt + answeredAt) / 2 }
    if (this.#isStale || this.#stoodStillBefore(sample)) this.#samples = []
    this.#isStale = false
    this.#samples.push(sample)
    if (this.#samples.length > 8) this.#samples.shift()
  }

  /** A new socket: perhaps the device slept, and its clock stood still. The first new sample ends what was known. */
  restart() {
    this.#isStale = true
  }

  // A short sleep leaves the socket as it was.
  #stoodStillBefore({ tripMs, offsetMs }) {
    return this.isKnown && Math.abs(offsetMs - this.#best.offsetMs) > (tripMs + this.#best.tripMs) / 2 + TOLERANCE_MS
  }

  get #best() {
    return this.#samples.reduce((one, other) => (other.tripMs < one.tripMs ? other : one))
  }

  get isKnown() {
    return this.#samples.length > 0
  }

  /** Milliseconds since 1970 by the server's clock. */
  nowMs() {
    if (!this.isKnown) return Date.now()
    return this.#now() + this.#best.offsetMs
  }
}

/**
 * What is left of a session, by the server's times alone. Its clock stands still while it is paused, and begins when
 * the customer is seen: until then `endsAt` is the latest end there can be.
 */
export function sessionLeftMs(session, nowMs) {
  if (session.state === 'paused') return Math.max(0, Date.parse(session.endsAt) - Date.parse(session.pausedAt))
  if (session.state !== 'active') return 0
  const leftMs = Math.max(0, Date.parse(session.endsAt) - nowMs)
  return session.startedAt === undefined ? Math.min(leftMs, (session.package.minutes + (session.extendedMinutes ?? 0)) * 60_000) : leftMs
}
