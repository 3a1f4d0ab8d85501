import { isDeepStrictEqual } from 'node:util'
import { CRASH_POINTS } from '../backend/platform/crash-points.ts'
import { flowOf, type FlowName } from '../backend/testing/crash-flows.ts'
import { castFlow, CRASH_SETTINGS, runFlow, startCrashing } from '../backend/testing/crash-run.ts'
import { findUnrest } from '../backend/testing/final-state.ts'
import { withCluster } from './cluster.ts'
import type { Figures } from './figures.ts'

/** Kills a replica at every named point alone, in the flow that passes it: what is left equals what an undisturbed run leaves. */
export async function benchCrashes(): Promise<Figures> {
  return withCluster({ replicas: 0, settings: CRASH_SETTINGS }, async (cluster) => {
    const undisturbed = new Map<FlowName, Record<string, unknown>>()
    const quiet = await startCrashing(cluster, [])
    for (const name of new Set(CRASH_POINTS.map(flowOf))) undisturbed.set(name, await runFlow(cluster, name, await castFlow(cluster)))
    await quiet.stop()
    const rows: [string, string][] = []
    const bad: string[] = []
    for (const point of CRASH_POINTS) {
      const name = flowOf(point)
      const startedAt = performance.now()
      const crashing = await startCrashing(cluster, [point])
      const state = await runFlow(cluster, name, await castFlow(cluster))
      const died = crashing.died()
      await crashing.stop()
      const wrong = [...(died === 1 ? [] : ['did not die']), ...differences(undisturbed.get(name)!, state), ...(await findUnrest(cluster))]
      if (wrong.length > 0) bad.push(`${point}: ${wrong.join('; ')}`)
      rows.push([`${point} (${name})`, wrong.length === 0 ? `equal, ${((performance.now() - startedAt) / 1000).toFixed(1)} s` : wrong.join('; ')])
      console.log(`${rows.length}/${CRASH_POINTS.length} ${rows.at(-1)!.join('  ')}`)
    }
    if (bad.length > 0) throw new Error(`a crash changed what is left:\n${bad.join('\n')}`)
    return { summary: `killed at each of ${CRASH_POINTS.length} points: the same is left as undisturbed`, rows }
  })
}

function differences(wanted: Record<string, unknown>, found: Record<string, unknown>): string[] {
  return Object.keys({ ...wanted, ...found }).filter((key) => !isDeepStrictEqual(wanted[key], found[key])).map((key) => `${key}: ${JSON.stringify(found[key])} instead of ${JSON.stringify(wanted[key])}`)
}
