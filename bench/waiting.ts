import { habitsFrom } from '../backend/modules/sessions/habits.ts'
import { simulateWaits, type Line } from '../backend/modules/sessions/simulate-waits.ts'
import { median, type BenchOptions, type Figures } from './figures.ts'
import { liveTwoDays, randomOf, type Told } from './waiting-world.ts'

const MITRAS = 1000
const WAITING = 1000
const TIMES = 300
const DAYS = [1, 2, 3]

/**
 * The processor time of one look at 1,000 mitras and 1,000 who wait; and simulated days whose people behave by rules that
 * the estimate is not told: of those who came to a place, how many came within the p50 and the p90 they were told first.
 */
export async function benchWaiting(_options: BenchOptions): Promise<Figures> {
  const { mean, p50, p90 } = timeOne()
  const days = DAYS.map((seed) => ({ seed, ...liveTwoDays({ seed, mitras: 130, customers: 3000 }) }))
  const [day] = days
  const first = calibration(day!.told.filter((one) => one.isFirst))
  const rows: Figures['rows'] = [
    [`processor time: ${MITRAS} mitras, ${WAITING} waiting`, `mean ${mean.toFixed(2)} ms; by the wall clock p50 ${p50.toFixed(2)}, p90 ${p90.toFixed(2)} ms`],
    ...days.flatMap(({ seed, told, customers, overtaken }): Figures['rows'] => {
      const joined = calibration(told.filter((one) => one.isFirst))
      return [
        [`day ${seed}: ${customers.length} customers, ${joined.found} waited`, `${share(joined.within90)} within p90, ${share(joined.within50)} within p50 (told as they joined); waited ${minutes(joined.waited)}, told p50 ${minutes(joined.p50)} and p90 ${minutes(joined.p90)} at the median`],
        [`day ${seed}: everything told, once a minute`, `${share(calibration(told).within90)} within p90, ${share(calibration(told).within50)} within p50; overtaken: ${overtaken}`],
      ]
    }),
  ]
  return {
    summary: `${mean.toFixed(1)} ms for ${MITRAS} × ${WAITING}; of a day's waits ${share(first.within90)} within the p90`,
    ratios: [
      { name: `ms of processor for ${MITRAS} mitras and ${WAITING} waiting`, value: mean, atMost: 5 },
      { name: 'share of a day’s waits within the p90, and not below', value: first.within90, atLeast: 0.85 },
      { name: 'share of a day’s waits within the p90, and not above', value: first.within90, atMost: 0.95 },
    ],
    rows,
  }
}

function timeOne(): { mean: number; p50: number; p90: number } {
  const random = randomOf(1)
  const habits = { ...habitsFrom([]), mitrasComing: MITRAS / 10_800 }
  const name = (n: number) => `mitra-${String(n).padStart(30, '0')}`
  const line: Line = {
    mitras: Array.from({ length: MITRAS }, (_, n) => ({ mitraId: name(n), capacity: 1, topics: ['grief', 'family', 'work'].slice(n % 3), languages: n % 4 === 0 ? ['id', 'en'] : ['id'], gender: n % 2 === 0 ? 'female' : 'male' })),
    running: Array.from({ length: MITRAS }, (_, n) => ({ id: `session-${n}`.padEnd(36, '-'), mitraId: name(n), state: 'active' as const, elapsed: random() * 1800, left: random() * 1800, seconds: 1800, isExtended: false })),
    waiting: Array.from({ length: WAITING }, (_, n) => ({
      id: `waiting-${n}`.padEnd(36, '-'), namedMitraId: n % 20 === 0 ? name(n) : null, anyMitra: n % 40 === 0, topic: n % 10 === 1 ? 'grief' : null, language: n % 20 === 2 ? 'en' : null, gender: n % 10 === 3 ? 'female' : null,
      isPaid: false, left: 1800, seconds: 1800,
    })),
  }
  const look = (seed: number) => simulateWaits(line, habits, { seed, offersMax: 3, holdSeconds: 180 })
  // The first turns are the compiler's.
  for (let turn = 0; turn < TIMES / 3; turn++) look(turn)
  // The processor's clock ticks every few milliseconds on some kernels: only the mean of many says something.
  const before = process.threadCpuUsage()
  const times: number[] = []
  for (let turn = 0; turn < TIMES; turn++) {
    const startedMs = performance.now()
    look(turn)
    times.push(performance.now() - startedMs)
  }
  const { user, system } = process.threadCpuUsage(before)
  const sorted = times.toSorted((a, b) => a - b)
  return { mean: (user + system) / 1000 / TIMES, p50: median(sorted), p90: sorted[Math.floor(sorted.length * 0.9)]! }
}

type Calibration = { found: number; within50: number; within90: number; waited: number; p50: number; p90: number }

/** Of those who came to a place; and of those who left later than the p90 they were told, who would have come later yet. */
function calibration(told: readonly Told[]): Calibration {
  const known = told.flatMap(({ at, wait, customer }) => (wait === null ? [] : [{ wait, isFound: customer.foundAt !== null, waited: (customer.foundAt ?? customer.leftAt ?? Infinity) - at }]))
  const judged = known.filter(({ isFound, waited, wait }) => waited !== Infinity && (isFound || waited > wait.p90))
  const part = (holds: (one: (typeof judged)[number]) => boolean) => judged.filter(holds).length / judged.length
  return {
    found: judged.filter(({ isFound }) => isFound).length, within50: part(({ waited, wait }) => waited <= wait.p50), within90: part(({ waited, wait }) => waited <= wait.p90),
    waited: median(judged.map(({ waited }) => waited)), p50: median(judged.map(({ wait }) => wait.p50)), p90: median(judged.map(({ wait }) => wait.p90)),
  }
}

const share = (value: number) => `${(value * 100).toFixed(1)} %`
const minutes = (seconds: number) => `${(seconds / 60).toFixed(1)} min`
