import t from 'tap'
import { CRASH_POINTS, watchCrashPoints, type CrashPoint } from '../platform/crash-points.ts'
import { startTestApp } from '../testing/app.ts'
import { FLOWS, flowOf, type FlowName } from '../testing/crash-flows.ts'
import { castFlow, CRASH_SETTINGS, runFlow } from '../testing/crash-run.ts'
import { findUnrest } from '../testing/final-state.ts'

t.test('every point is passed by the flow that says so', async (t) => {
  const app = await startTestApp(t, { settings: CRASH_SETTINGS })
  t.same(CRASH_POINTS.filter((point) => flowOf(point) === undefined), [], 'each has its flow')
  for (const name of Object.keys(FLOWS) as FlowName[]) {
    const passed = new Set<CrashPoint>()
    const stop = watchCrashPoints((point) => void passed.add(point))
    await runFlow(app, name, await castFlow(app))
    stop()
    t.same(FLOWS[name].points.filter((point) => !passed.has(point)), [], name)
  }
  t.same(await findUnrest(app), [])
})
