import t from 'tap'
import type { CrashPoint } from '../platform/crash-points.ts'
import { startCluster } from '../testing/cluster.ts'
import type { FlowName } from '../testing/crash-flows.ts'
import { castFlow, CRASH_SETTINGS, runFlow, startCrashing } from '../testing/crash-run.ts'
import { findUnrest } from '../testing/final-state.ts'

/** The most telling points of two flows, in the order in which they come; `npm run bench -- crashes` tries every point alone. */
const TOLD: [FlowName, readonly CrashPoint[]][] = [
  ['served', ['invoice.made', 'webhook.stored', 'payment.applied', 'offer.accepted', 'message.stored', 'session.settled']],
  ['cancelled', ['closing.answered']],
  ['suspended', ['suspense.resolved']],
  ['paidOut', ['payout.sent', 'payout.made']],
  ['lettered', ['letter.begun', 'letter.sent']],
]

t.test('a replica that is killed between two steps, again and again: the flow leaves behind what it leaves undisturbed', async (t) => {
  const cluster = await startCluster(t, { replicas: 0, settings: CRASH_SETTINGS, letters: true })
  const crashing = await startCrashing(cluster, TOLD.flatMap(([, points]) => points))
  const left: Record<string, unknown>[] = []
  for (const [name, points] of TOLD) {
    const before = crashing.died()
    left.push(await runFlow(cluster, name, await castFlow(cluster)))
    t.equal(crashing.died() - before, points.length, `${name}: died at each of ${points.join(', ')}`)
  }
  // Undisturbed they need no turns: each names its own mitra.
  const undisturbed = await Promise.all(TOLD.map(async ([name]) => runFlow(cluster, name, await castFlow(cluster, { isAlone: false }))))
  for (const [index, [name]] of TOLD.entries()) t.same(left[index], undisturbed[index], `${name}: and nobody can tell`)
  t.same(await findUnrest(cluster), [])
  await crashing.stop()
})
