/**
 * The time by which a process decides what it decides by itself: whether a token has ended, what a new id sorts by.
 * It is Postgres' time, carried on by a clock that nobody can set. Sessions and money ask Postgres (`app_now()`).
 */
export type Clock = {
  nowMs(): number
  /** Postgres answered that it was `databaseMs`; it was asked at `askedAtMs` of `performance.now()`. */
  heard(databaseMs: number, askedAtMs: number): void
}

/** An answer that took longer says too little about when it was true. */
const USEFUL_MS = 2000

/** Until Postgres has said its time it is the machine's. */
export function createClock(): Clock {
  let known: { databaseMs: number; atMs: number } | undefined
  return {
    nowMs: () => (known === undefined ? Date.now() : Math.round(known.databaseMs + performance.now() - known.atMs)),
    heard(databaseMs, askedAtMs) {
      const atMs = performance.now()
      if (known !== undefined && atMs - askedAtMs > USEFUL_MS) return
      known = { databaseMs: databaseMs + (atMs - askedAtMs) / 2, atMs }
    },
  }
}
