import { createRandom } from './random.ts'

/** Somebody who wants to talk: when, and what they ask for. Seconds count from the day's beginning. */
export type Arrival = {
  atSeconds: number
  customer: number
  minutes: 15 | 30 | 60
  /** Of the day's mitras; undefined: whoever is free. */
  namedMitra?: number
  anyMitra: boolean
  topic?: string
  language?: string
  gender?: 'female' | 'male'
}
export type PlannedMitra = {
  capacity: number
  topics: string[]
  languages: string[]
  gender: 'female' | 'male'
  shifts: { fromSeconds: number; toSeconds: number }[]
  /** When their telephone is nowhere to be seen. */
  gone: { fromSeconds: number; toSeconds: number }[]
}
export type Day = { seed: number; seconds: number; arrivals: Arrival[]; mitras: PlannedMitra[] }
export type DayOptions = { seed: number; customers: number; mitras: number; hours: number }

const HOUR = 3600
const TOPICS = ['work', 'family', 'love', 'study']
/** How much is asked in each hour of the day, beside each other: nights are quiet, evenings are not. */
const DEMAND = [3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 4, 5, 5, 4, 4, 5, 6, 7, 9, 11, 12, 11, 8, 5]

/** A number from 0 to 1 that belongs to this question alone: what is drawn never depends on who asks first. */
export function draw(seed: number, question: string): number {
  let hash = seed >>> 0
  for (let at = 0; at < question.length; at++) hash = Math.imul(hash ^ question.charCodeAt(at), 0x01000193) >>> 0
  return createRandom(hash).next()
}

/** Who comes when, and who serves when; the same seed gives the same day. */
export function planDay({ seed, customers, mitras, hours }: DayOptions): Day {
  const seconds = hours * HOUR
  const pick = <T>(question: string, all: readonly T[]): T => all[Math.floor(draw(seed, question) * all.length)]!
  const arrivals = Array.from({ length: Math.round(customers * 1.2) }, (_, index): Arrival => {
    const question = (what: string) => `arrival ${index}: ${what}`
    const isNamed = draw(seed, question('named')) < 0.15
    const wants = (what: string, share: number) => draw(seed, question(what)) < share
    return {
      atSeconds: timeOfDay(draw(seed, question('at')), hours), customer: index % customers, minutes: pick(question('minutes'), [15, 15, 30, 30, 60] as const),
      anyMitra: isNamed && wants('any', 0.5),
      ...(isNamed ? { namedMitra: Math.floor(draw(seed, question('who')) * mitras) } : {}),
      ...(wants('topic?', 0.2) ? { topic: pick(question('topic'), TOPICS) } : {}),
      ...(wants('language?', 0.1) ? { language: pick(question('language'), ['id', 'en']) } : {}),
      ...(wants('gender?', 0.1) ? { gender: pick(question('gender'), ['female', 'male'] as const) } : {}),
    }
  }).toSorted((a, b) => a.atSeconds - b.atSeconds)
  return { seed, seconds, arrivals, mitras: Array.from({ length: mitras }, (_, index) => planMitra(seed, index, seconds)) }
}

function planMitra(seed: number, index: number, seconds: number): PlannedMitra {
  const chance = (what: string) => draw(seed, `mitra ${index}: ${what}`)
  const length = Math.min(seconds, (6 + 5 * chance('hours')) * HOUR)
  const from = chance('from') * (seconds - length)
  const goneFrom = from + chance('gone') * length
  return {
    capacity: chance('capacity') < 0.8 ? 1 : chance('capacity') < 0.95 ? 2 : 3,
    topics: TOPICS.filter((topic) => chance(topic) < 0.6), languages: chance('english') < 0.4 ? ['id', 'en'] : ['id'], gender: chance('gender') < 0.6 ? 'female' : 'male',
    shifts: [{ fromSeconds: from, toSeconds: from + length }],
    gone: chance('goes') < 0.4 ? [{ fromSeconds: goneFrom, toSeconds: goneFrom + 90 + 900 * chance('gone for') }] : [],
  }
}

function timeOfDay(share: number, hours: number): number {
  const weights = Array.from({ length: Math.ceil(hours) }, (_, hour) => DEMAND[Math.floor((hour * 24) / hours)]!)
  let left = share * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [hour, weight] of weights.entries()) {
    if (left < weight) return Math.min(hours * HOUR, (hour + left / weight) * HOUR)
    left -= weight
  }
  return hours * HOUR
}
