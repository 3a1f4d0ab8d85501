import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { startTestApp } from '../backend/testing/app.ts'
import type { Cluster } from '../backend/testing/cluster.ts'
import { endLeases } from '../backend/testing/crash-run.ts'
import { testVariables } from '../backend/testing/env.ts'
import { findUnrest } from '../backend/testing/final-state.ts'
import { createMoneyRun, MONEY_SETTINGS } from '../backend/testing/money-acts.ts'
import { step, type Step } from '../backend/testing/money-model.ts'
import { ordersOf, proveOrder, type MoneyEvent } from '../backend/testing/money-orders.ts'
import { projectRoot } from '../backend/testing/servers/processes.ts'
import { chooseSeed } from '../backend/testing/random.ts'
import { STAGE_SETTINGS } from '../backend/testing/stage.ts'
import { staffByRows } from '../backend/testing/staff-rows.ts'
import { withCluster } from './cluster.ts'
import { partOf, type BenchOptions, type Figures } from './figures.ts'

/** Of so many steps one is met by kill -9 of both replicas. */
const KILLED_OF = 12
/** Orders of one database: a comparison reads all that the provider lists. */
const ORDERS_MOST = 84
const LANES = 8
const ORDERED = { payment: 'paid', session: 'cancelled', refund: 'succeeded', wallet: 15_000, escrow: 0, parked: 0 }

type Told = { step: Step; kill: number }

/**
 * Random lives against the model of the books, on two replicas that are killed, for `--seconds`; what fails is shrunk and
 * printed with its seed. `SEED=<number>` repeats it.
 */
export async function benchMoney(options: BenchOptions): Promise<Figures> {
  const seed = chooseSeed()
  console.log(`SEED=${seed} npm run bench -- money --seconds=${options.seconds}`)
  let [lives, steps, kills] = [0, 0, 0]
  return withCluster({ replicas: 2, settings: MONEY_SETTINGS }, async (cluster) => {
    cluster.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    const life = fc.array(fc.record({ step, kill: fc.nat(KILLED_OF - 1) }), { minLength: 15, maxLength: 40 })
    await fc.assert(fc.asyncProperty(life, async (told: Told[]) => {
      const run = await createMoneyRun(cluster)
      for (const one of told) {
        const kill = one.kill === 0 ? killBoth(cluster, (steps * 7) % 60) : undefined
        await Promise.all([run.act(one.step), kill])
        if (kill) kills++
        steps++
        complain(JSON.stringify(one), await run.differences())
      }
      await run.end()
      complain('the end', await run.differences())
      lives++
    }), { seed, numRuns: 1_000_000, interruptAfterTimeLimit: options.seconds * 1000 })
    complain('all lives', (await findUnrest(cluster)).filter((what) => what !== 'an event of the provider was parked'))
    await checkBooks(cluster)
    return { summary: `${lives} lives, ${steps} steps, ${kills} kills of both replicas: the ledger is the model’s`, rows: [['seed', String(seed)], ['lives whole', String(lives)], ['steps', String(steps)], ['kills', String(kills)]] }
  })
}

function complain(after: string, wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(`after ${after}: ${wrong.join('; ')}`)
}

// Both, so that every lease is a dead worker's and can be ended at once.
async function killBoth(cluster: Cluster, afterMs: number): Promise<void> {
  await pause(afterMs)
  await Promise.all(cluster.replicas.map((replica) => replica.kill('SIGKILL')))
  await endLeases(cluster)
  await Promise.all(cluster.replicas.map((_, index) => cluster.startReplica(index)))
}

async function checkBooks(cluster: Cluster): Promise<void> {
  const variables = testVariables({ DATABASE_URL: cluster.db.url, VALKEY_URL: cluster.valkey.url }, {})
  const child = spawn(process.execPath, [join(projectRoot, 'backend/ledger-check.ts')], { env: { PATH: process.env['PATH'], ...variables }, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`ledger-check ended with ${code}`)
}

/** All 2,520 orders of {pending, paid, expired, refunded}, each twice, on two replicas: one final state. `--part=1/8` runs an eighth. */
export async function benchOrders(options: BenchOptions): Promise<Figures> {
  const twice: MoneyEvent[] = ['pending', 'pending', 'paid', 'paid', 'expired', 'expired', 'refunded', 'refunded']
  const all = ordersOf(twice)
  const wanted = partOf(all, options)
  const startedAt = performance.now()
  let proved = 0
  await withCluster({ replicas: 0 }, async () => {
    for (let from = 0; from < wanted.length; from += ORDERS_MOST) {
      const ends: (() => Promise<void>)[] = []
      try {
        const app = await startTestApp({ after: (end) => void ends.push(end) }, { replicas: 2, settings: { ...STAGE_SETTINGS, userRequests: 1_000_000, anonymousRequests: 1_000_000 } })
        const finance = await staffByRows(app, 'finance')
        app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
        const left = wanted.slice(from, from + ORDERS_MOST).values()
        await Promise.all(Array.from({ length: LANES }, async () => {
          for (const order of left) {
            const state = await proveOrder(app, finance, order)
            if (!isDeepStrictEqual(state, ORDERED)) throw new Error(`${order.join(' ')}: ${JSON.stringify(state)}`)
            proved++
          }
        }))
        complain('these orders', await findUnrest(app))
      } finally {
        for (const end of ends.toReversed()) await end()
      }
      console.log(`${proved} of ${wanted.length} orders`)
    }
  })
  const seconds = (performance.now() - startedAt) / 1000
  return { summary: `${proved} of ${all.length} orders, one final state`, rows: [['orders', `${proved} in ${seconds.toFixed(0)} s`]] }
}
