import { lineFrom, type Row } from '../backend/modules/sessions/read-line.ts'
import { simulateWaits } from '../backend/modules/sessions/simulate-waits.ts'
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
  const looks = looksOf()
  const [simulation, refresh] = [timeOf(looks.simulation), timeOf(looks.refresh)]
  const spent = ({ mean, p50, p90 }: Spent) => `mean ${mean.toFixed(2)} ms; by the wall clock p50 ${p50.toFixed(2)}, p90 ${p90.toFixed(2)} ms`
  const days = DAYS.map((seed) => ({ seed, ...liveTwoDays({ seed, mitras: 130, customers: 3000 }) }))
  const [day] = days
  const first = calibration(day!.told.filter((one) => one.isFirst))
  const rows: Figures['rows'] = [
    [`processor time of the simulation: ${MITRAS} mitras, ${WAITING} waiting`, spent(simulation)],
    ['the same with reading what Postgres answers: all that a refresh costs a replica', spent(refresh)],
    ...days.flatMap(({ seed, told, customers, overtaken }): Figures['rows'] => {
      const joined = calibration(told.filter((one) => one.isFirst))
      return [
        [`day ${seed}: ${customers.length} customers, ${joined.found} waited`, `${share(joined.within90)} within p90, ${share(joined.within50)} within p50 (told as they joined); waited ${minutes(joined.waited)}, told p50 ${minutes(joined.p50)} and p90 ${minutes(joined.p90)} at the median`],
        [`day ${seed}: everything told, once a minute`, `${share(calibration(told).within90)} within p90, ${share(calibration(told).within50)} within p50; overtaken: ${overtaken}`],
      ]
    }),
  ]
  return {
    summary: `${refresh.mean.toFixed(1)} ms a refresh for ${MITRAS} × ${WAITING}; of a day's waits ${share(first.within90)} within the p90`,
    ratios: [
      { name: `ms of processor for ${MITRAS} mitras and ${WAITING} waiting`, value: simulation.mean, atMost: 5 },
      { name: 'the same with reading what Postgres answers', value: refresh.mean, atMost: 5 },
      { name: 'share of a day’s waits within the p90, and not below', value: first.within90, atLeast: 0.85 },
      { name: 'share of a day’s waits within the p90, and not above', value: first.within90, atMost: 0.95 },
    ],
    rows,
  }
}

type Spent = { mean: number; p50: number; p90: number }

/** Of the simulation alone, and of all that a refresh costs this process: reading what the statement answered besides. */
function looksOf() {
  const random = randomOf(1)
  const name = (kind: string, n: number) => `${kind}${String(n).padStart(7, '0')}-7b2c-4d11-9a10-${String(Math.floor(random() * 1e12)).padStart(12, '0')}`
  const names = Array.from({ length: MITRAS }, (_, n) => name('a', n))
  const row: Row = {
    at: '2026-11-21 00:00:00+00',
    mitras: names.map((mitraId, n) => [mitraId, 1, ['grief', 'family', 'work'].slice(n % 3), n % 4 === 0 ? ['id', 'en'] : ['id'], n % 2 === 0 ? 'female' : 'male']),
    running: names.map((_, n) => [name('b', n), n, 'active', 1800, Math.round(random() * 18_000) / 10, Math.round(random() * 18_000) / 10, false]),
    waiting: Array.from({ length: WAITING }, (_, n) => [name('c', n), 'queued', 60.1, 1739.9, 1800, n % 20 === 0 ? names[n]! : null, n % 40 === 0, n % 10 === 1 ? 'grief' : null, n % 20 === 2 ? 'en' : null, n % 10 === 3 ? 'female' : null]),
    observed: [{ what: 'mitrasComing', samples: MITRAS, exposure: 10_800, quantiles: null }],
  }
  const line = lineFrom(row)
  const columns = Object.entries(row).map(([column, value]) => [column, JSON.stringify(value)] as const)
  const options = (seed: number) => ({ seed, offersMax: 3, holdSeconds: 180 })
  // As the driver does with columns of JSON.
  const read = () => lineFrom(Object.fromEntries(columns.map(([column, text]) => [column, JSON.parse(text)])) as Row)
  return {
    simulation: (turn: number) => void simulateWaits(line, line.habits, options(turn)),
    refresh: (turn: number) => {
      const found = read()
      simulateWaits(found, found.habits, options(turn))
    },
  }
}

function timeOf(look: (turn: number) => void): Spent {
  // The first turns are the compiler's.
  for (let turn = 0; turn < TIMES; turn++) look(turn)
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

/**
 * Of those who came to a place; and of those who left later than what they were told, who would have come later yet. Who
 * left before tells nothing.
 */
function calibration(told: readonly Told[]): Calibration {
  const known = told.flatMap(({ at, wait, customer }) => (wait === null ? [] : [{ wait, isFound: customer.foundAt !== null, waited: (customer.foundAt ?? customer.leftAt ?? Infinity) - at }]))
  const ended = known.filter(({ waited }) => waited !== Infinity)
  const within = (promised: (one: (typeof ended)[number]) => number) => {
    const judged = ended.filter((one) => one.isFound || one.waited > promised(one))
    return judged.filter((one) => one.waited <= promised(one)).length / judged.length
  }
  const found = ended.filter(({ isFound }) => isFound)
  return {
    found: found.length, within50: within(({ wait }) => wait.p50), within90: within(({ wait }) => wait.p90),
    waited: median(found.map(({ waited }) => waited)), p50: median(found.map(({ wait }) => wait.p50)), p90: median(found.map(({ wait }) => wait.p90)),
  }
}

const share = (value: number) => `${(value * 100).toFixed(1)} %`
const minutes = (seconds: number) => `${(seconds / 60).toFixed(1)} min`
