/**
 * The process's own clock: token lifetimes, caches and time-outs. It decides nothing about sessions or money;
 * those ask Postgres (`app_now()`).
 */
export type Clock = { nowMs(): number }

export const processClock: Clock = { nowMs: () => Date.now() }
