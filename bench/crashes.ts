import { isDeepStrictEqual } from 'node:util'
import { CRASH_POINTS } from '../backend/platform/crash-points.ts'
import { flowOf, type FlowName } from '../backend/testing/crash-flows.ts'
import { castFlow, CRASH_SETTINGS, runFlow, startCrashing } from '../backend/testing/crash-run.ts'
import { findUnrest } from '../backend/testing/final-state.ts'
import type { Cluster } from '../backend/testing/cluster.ts'
import { withCluster } from './cluster.ts'
import { partOf, type BenchOptions, type Figures } from './figures.ts'

type Point = (typeof CRASH_POINTS)[number]

/**
 * Kills a replica at every named point, in the flow that passes it: what is left equals what an undisturbed run leaves.
 * A point at which nothing dies fails. `--part=1/4` runs every fourth point.
 */
export async function benchCrashes(options: BenchOptions): Promise<Figures> {
  const points = partOf(CRASH_POINTS, options)
  const startedAt = performance.now()
  return withCluster({ replicas: 0, settings: CRASH_SETTINGS, letters: true }, async (cluster) => {
    const rows: [string, string][] = []
    const bad: string[] = []
    for (const [name, ofFlow] of Map.groupBy(points, flowOf)) {
      const before = performance.now()
      const wrong = await crashFlow(cluster, name, ofFlow)
      wrong.push(...await findUnrest(cluster))
      bad.push(...wrong)
      rows.push([`${name}: ${ofFlow.join(', ')}`, wrong.length === 0 ? `equal, ${((performance.now() - before) / 1000).toFixed(1)} s` : wrong.join('; ')])
      console.log(rows.at(-1)!.join('  '))
    }
    if (bad.length > 0) throw new Error(`a crash changed what is left:\n${bad.join('\n')}`)
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    return { summary: `killed at each of ${points.length} of ${CRASH_POINTS.length} points: the same is left as undisturbed (${seconds} s)`, rows }
  })
}

/**
 * One run of the flow for each point, the last point first: who is started after a kill is armed for an earlier one, which
 * the run has passed, so that it serves the rest of this run, dies in the next, and nothing is started in vain. A point
 * that is passed again in the same run (a sweep, a second message) is met there, and needs no run of its own.
 */
async function crashFlow(cluster: Cluster, name: FlowName, points: readonly Point[]): Promise<string[]> {
  const wrong: string[] = []
  const states: [string, Record<string, unknown>][] = []
  let left = points.toReversed()
  for (;;) {
    const crashing = await startCrashing(cluster, left)
    let died = 0
    while (died < left.length) {
      const state = await runFlow(cluster, name, await castFlow(cluster))
      const now = crashing.died()
      if (now === died) break
      states.push([left.slice(died, now).join(' and '), state])
      died = now
    }
    if (died === left.length) {
      const undisturbed = await runFlow(cluster, name, await castFlow(cluster))
      await crashing.stop()
      for (const [killedAt, state] of states) wrong.push(...differences(undisturbed, state).map((what) => `${killedAt}: ${what}`))
      return wrong
    }
    await crashing.stop()
    wrong.push(`${left[died]!}: no replica died there`)
    left = left.slice(died + 1)
  }
}

function differences(wanted: Record<string, unknown>, found: Record<string, unknown>): string[] {
  return Object.keys({ ...wanted, ...found }).filter((key) => !isDeepStrictEqual(wanted[key], found[key])).map((key) => `${key}: ${JSON.stringify(found[key])} instead of ${JSON.stringify(wanted[key])}`)
}
