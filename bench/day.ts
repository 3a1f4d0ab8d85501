import { startTestApp } from '../backend/testing/app.ts'
import { countSeconds, findRemains, replayMatching } from '../backend/testing/day-checks.ts'
import { planDay } from '../backend/testing/day-plan.ts'
import { DAY_SETTINGS, liveThroughDay } from '../backend/testing/day-run.ts'
import { chooseSeed } from '../backend/testing/random.ts'
import { withCluster } from './cluster.ts'
import type { BenchOptions, Figures } from './figures.ts'

const WHOLE = { customers: 2000, mitras: 100, hours: 24 }

/**
 * A simulated day of 2,000 customers and 100 mitras on two replicas: nobody overtaken, no slot given twice, no second
 * lost, the books at zero. `--part=1/8` lives with an eighth of the people; `SEED=<number>` repeats a day.
 */
export async function benchDay({ part }: BenchOptions): Promise<Figures> {
  const seed = chooseSeed()
  console.log(`SEED=${seed} npm run bench -- day`)
  const share = 1 / (part?.of ?? 1)
  const day = planDay({ seed, customers: Math.round(WHOLE.customers * share), mitras: Math.round(WHOLE.mitras * share), hours: WHOLE.hours })
  const startedAt = performance.now()
  return withCluster({ replicas: 0 }, async () => {
    const ends: (() => Promise<void>)[] = []
    try {
      const app = await startTestApp({ after: (end) => void ends.push(end) }, { replicas: 2, settings: DAY_SETTINGS })
      const lived = await liveThroughDay(app, day, ({ steps, hour, open }) => console.log(`${hour.toFixed(1)} h, ${steps} steps, ${open} sessions open`))
      const [matching, seconds, remains] = [await replayMatching(app), await countSeconds(app), await findRemains(app)]
      const problems = [...lived.problems, ...matching.problems, ...seconds.problems, ...remains]
      if (problems.length > 0) throw new Error(`${problems.length} problems, SEED=${seed}:\n${problems.slice(0, 20).join('\n')}`)
      return {
        summary: `${day.arrivals.length} wishes, ${matching.grants} places given, ${seconds.begun} sessions: nobody overtaken, no slot twice, no second and no rupiah lost`,
        rows: [
          ['seed', String(seed)],
          ['people', `${WHOLE.customers * share} customers, ${day.mitras.length} mitras, ${WHOLE.hours} h and what was still open then`],
          ['places given to who waited', String(matching.waited)],
          ['paused', `${Math.round(seconds.pausedSeconds)} s`],
          ['the latest end was noticed', `${Math.round(seconds.latestMs)} ms after it`],
          ['refused', Object.entries(lived.refusals).map(([code, times]) => `${code} ${times}`).join(', ') || 'nothing'],
          ['in', `${lived.steps} steps, ${Math.round((performance.now() - startedAt) / 1000)} s`],
        ],
      }
    } finally {
      for (const end of ends.toReversed()) await end()
    }
  })
}
