import { setTimeout as pause } from 'node:timers/promises'
import type { ChatClient } from '../backend/testing/chat-client.ts'
import { startPairs } from '../backend/testing/pairs.ts'
import { chooseSeed, createRandom } from '../backend/testing/random.ts'
import { withCluster } from './cluster.ts'
import type { BenchOptions, Figures } from './figures.ts'

const PAIRS = 200
const PER_SECOND = 400

/** 200 pairs talk while one of two replicas is killed and started again, once a third of the time; then their history is checked. */
export async function benchKill(options: BenchOptions): Promise<Figures> {
  const seed = chooseSeed()
  console.log(`SEED=${seed} npm run bench -- kill --seconds=${options.seconds}`)
  return withCluster({}, async (cluster) => {
    const pairs = await startPairs(cluster, { count: PAIRS, random: createRandom(seed) })
    const endsAt = performance.now() + options.seconds * 1000
    const talking = pairs.talk(PER_SECOND, () => performance.now() > endsAt)
    const third = (options.seconds * 1000) / 3
    await pause(third)
    await cluster.replicas[0]!.kill('SIGKILL')
    await pause(third)
    await cluster.startReplica(0)
    await talking
    const faults = await pairs.findFaults()
    await pairs.stop()
    if (faults.length > 0) throw new Error(`the history has ${faults.length} faults:\n${faults.join('\n')}`)
    const resumed = pairs.resumedMs().toSorted((a, b) => a - b)
    const at = (share: number) => `${Math.round(resumed[Math.min(resumed.length - 1, Math.floor(resumed.length * share))] ?? Number.NaN)} ms`
    return {
      summary: `0 lost, 0 doubled, 0 gaps; resumed p99 ${at(0.99)}`,
      rows: [
        ['acked', String(pairs.acked())],
        ['lines of history checked', String(pairs.history.length)],
        ['connections lost and resumed', String(resumed.length)],
        ['resumed (lost to synced) p50 / p99 / most', `${at(0.5)} / ${at(0.99)} / ${at(1)}`],
        ['sends of unknown outcome, sent again', String(pairs.history.filter((entry) => entry.phase === 'unknown' && entry.what.do === 'send').length)],
        ['connections refused', refusalsOf(pairs.clients) || 'none'],
        ['refused pries', String(pairs.history.filter((entry) => entry.phase === 'fail' && entry.what.do === 'pry').length)],
      ],
    }
  })
}

function refusalsOf(clients: readonly ChatClient[]): string {
  const all = new Map<string, number>()
  for (const [why, count] of clients.flatMap((client) => [...client.refusals])) all.set(why, (all.get(why) ?? 0) + count)
  return [...all].map(([why, count]) => `${count} × ${why}`).join(', ')
}
