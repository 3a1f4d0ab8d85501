import t from 'tap'
import { startTestApp } from '../testing/app.ts'
import { countSeconds, findRemains, replayMatching } from '../testing/day-checks.ts'
import { planDay } from '../testing/day-plan.ts'
import { DAY_SETTINGS, liveThroughDay } from '../testing/day-run.ts'
import { chooseSeed } from '../testing/random.ts'

// The whole day of two thousand is `npm run bench -- day`.
t.test('some hours of many people: nobody overtaken, no slot twice, no second and no rupiah lost', async (t) => {
  const seed = chooseSeed()
  t.comment(`SEED=${seed}`)
  const app = await startTestApp(t, { replicas: 2, settings: DAY_SETTINGS })
  const day = planDay({ seed, customers: 24, mitras: 3, hours: 2 })
  const lived = await liveThroughDay(app, day)
  t.same(lived.problems, [])
  const matching = await replayMatching(app)
  t.same(matching.problems, [])
  const seconds = await countSeconds(app)
  t.same(seconds.problems, [])
  t.same(await findRemains(app), [])
  t.ok(seconds.begun > 0 && matching.grants > seconds.begun / 2, `${day.arrivals.length} came, ${matching.grants} places given, ${matching.waited} of them to who waited, ${seconds.begun} sessions begun in ${lived.steps} steps`)
  t.comment(JSON.stringify({ ...matching, ...seconds, refusals: lived.refusals, steps: lived.steps }))
})
