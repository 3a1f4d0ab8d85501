import type { Quantiles } from './draws.ts'

/** What was observed of people, and what is believed where too little was. Times in seconds, rates a second. */
export type Habits = {
  /** How long sessions really took, as shares of what was bought: below 1 an early end, above it an extension. */
  served: Quantiles
  /** From the slot to the payment; 0 where nothing was to be paid. */
  paid: Quantiles
  /** From the slot to its return by who did not pay. */
  unpaid: Quantiles
  accepted: Quantiles
  /** Until an offer was declined or missed. */
  refused: Quantiles
  /** Until a customer leaves a queue that does not move; `NEVER` for those who stay to its end. */
  leaving: Quantiles
  paidShare: number
  acceptedShare: number
  /** Mitras who go, each; and those who come, all together. */
  mitraGoing: number
  mitrasComing: number
}

/**
 * One thing that was observed. A distribution: how often, and its quantiles. A share or a rate: how often it happened, of
 * how many, or in how many seconds.
 */
export type Observed = { what: keyof Habits; samples: number; exposure: number; quantiles: readonly number[] | null }

/** Quantiles of a distribution that are kept: from 0 to 1 in steps of 1/64. */
export const QUANTILE_STEPS = 64
/** Seconds; longer than anything lasts. */
export const NEVER = 1e9
/** How long customers are believed to stay, on average; and as how many of them that counts. */
export const STAY_BELIEVED_SECONDS = 3600
export const STAYS_BELIEVED = 10
/** Fewer observations than this say less than what is believed. */
const SAMPLES_LEAST = 30

const BELIEVED: Habits = {
  served: evenly([0.2, 0.9, 1, 1, 1, 1, 1, 1, 1, 1.5, 2]),
  paid: evenly([5, 15, 25, 40, 60, 100, 170]),
  unpaid: evenly([20, 60, 120, 180, 180, 180]),
  accepted: evenly([2, 5, 8, 12, 18, 28, 44]),
  refused: evenly([3, 10, 25, 45, 45, 45]),
  leaving: Float64Array.from({ length: QUANTILE_STEPS + 1 }, (_, n) => (n < QUANTILE_STEPS ? -STAY_BELIEVED_SECONDS * Math.log1p(-n / QUANTILE_STEPS) : NEVER)),
  paidShare: 0.85, acceptedShare: 0.85, mitraGoing: 1 / 10_800, mitrasComing: 0,
}
/** As how many trials, or events, what is believed of a share or a rate counts. */
const TRIALS_BELIEVED = 10
const EVENTS_BELIEVED = 2

function evenly(values: readonly number[]): Quantiles {
  return Float64Array.from(values)
}

/** What was observed, and what is believed of the rest: a few observations only pull it. */
export function habitsFrom(observed: readonly Observed[]): Habits {
  const found = new Map(observed.map((one) => [one.what, one]))
  const spread = (what: 'served' | 'paid' | 'unpaid' | 'accepted' | 'refused' | 'leaving'): Quantiles => {
    const one = found.get(what)
    return one?.quantiles && one.quantiles.length > 1 && one.samples >= SAMPLES_LEAST ? Float64Array.from(one.quantiles) : BELIEVED[what]
  }
  const share = (what: 'paidShare' | 'acceptedShare'): number => {
    const { samples = 0, exposure = 0 } = found.get(what) ?? {}
    return (samples + BELIEVED[what] * TRIALS_BELIEVED) / (exposure + TRIALS_BELIEVED)
  }
  const rate = (what: 'mitraGoing' | 'mitrasComing'): number => {
    const { samples = 0, exposure = 0 } = found.get(what) ?? {}
    if (BELIEVED[what] === 0) return exposure > 0 ? samples / exposure : 0
    return (samples + EVENTS_BELIEVED) / (exposure + EVENTS_BELIEVED / BELIEVED[what])
  }
  return {
    served: spread('served'), paid: spread('paid'), unpaid: spread('unpaid'), accepted: spread('accepted'), refused: spread('refused'), leaving: spread('leaving'),
    paidShare: share('paidShare'), acceptedShare: share('acceptedShare'),
    mitraGoing: rate('mitraGoing'), mitrasComing: rate('mitrasComing'),
  }
}
