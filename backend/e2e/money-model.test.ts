import fc from 'fast-check'
import t from 'tap'
import { checkLedger } from '../modules/ledger/index.ts'
import { startTestApp } from '../testing/app.ts'
import { findUnrest } from '../testing/final-state.ts'
import { createMoneyRun, MONEY_SETTINGS } from '../testing/money-acts.ts'
import { step } from '../testing/money-model.ts'
import { TOUR, TOURED } from '../testing/money-tour.ts'

/** `SEED=<number>` tries other lives; `npm run bench -- money` many, on replicas that are killed. */
const SEED = Number(process.env['SEED'] ?? 20_261_121)
const RUNS = Number(process.env['RUNS'] ?? 4)

t.test(`the books of random lives are those of a model (SEED=${SEED})`, async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: MONEY_SETTINGS })
  // What is told is what the steps tell, and nothing else.
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 35 }), async (steps) => {
    const run = await createMoneyRun(app)
    for (const one of steps) {
      await run.act(one)
      const wrong = await run.differences()
      if (wrong.length > 0) throw new Error(`after ${JSON.stringify(one)}: ${wrong.join('; ')}`)
    }
    await run.end()
    const wrong = await run.differences()
    if (wrong.length > 0) throw new Error(`in the end: ${wrong.join('; ')}`)
  }), { seed: SEED, numRuns: RUNS, examples: [[TOUR]], endOnFailure: process.env['SHRINK'] === undefined })
  const flows = await app.query<{ flow: string }>('select distinct flow from ledger_transactions')
  t.same(TOURED.filter((flow) => !flows.some((one) => one.flow === flow)), [], 'money has moved in every way')
  t.same((await checkLedger(app.replicas[0]!.ctx.sql)).problems, [], 'the checker finds nothing')
  t.same((await findUnrest(app)).filter((what) => what !== 'an event of the provider was parked'), [], 'and whatever else must hold holds')
})
