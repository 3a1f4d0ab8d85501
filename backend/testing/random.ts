import { randomInt } from 'node:crypto'

/** Randomness that can be repeated: the same seed gives the same numbers in the same order. */
export type Random = {
  seed: number
  /** From 0 up to and without 1. */
  next(): number
  /** From 0 up to and without `end`. */
  below(end: number): number
  chance(probability: number): boolean
}

/** The seed of this run: `SEED=<number>` repeats an earlier one. Whoever uses it prints it. */
export function chooseSeed(): number {
  const given = Number(process.env['SEED'])
  return Number.isInteger(given) && process.env['SEED'] !== '' ? given >>> 0 : randomInt(2 ** 32 - 1)
}

/** mulberry32: 32 bits of state, good enough to shake a network. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { seed, next, below: (end) => Math.floor(next() * end), chance: (probability) => next() < probability }
}
