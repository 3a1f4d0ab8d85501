import { once } from 'node:events'
import type { CrashPoint } from '../platform/crash-points.ts'
import type { Cluster } from './cluster.ts'
import { createActs, type ActPlace, type Cast } from './crash-acts.ts'
import { FLOWS, type FlowName } from './crash-flows.ts'
import { crowd, type CrowdOptions } from './crowd.ts'
import { finalState, type StatePlace } from './final-state.ts'
import { staffByRows } from './staff-rows.ts'
import { eventually } from './wait.ts'

/** Sweeps come often, and no deadline is met however slow the machine is: what differs between two runs was done by a crash. */
export const CRASH_SETTINGS = {
  sweepMs: 100, healMs: 500, recoverySweepSeconds: 0, livenessWriteSeconds: 0, userRequests: 1_000_000, anonymousRequests: 1_000_000,
  staleSeconds: 600, goneSeconds: 3600, holdSeconds: 7200, offerSeconds: 600, ringingSeconds: 3600, clockStartSeconds: 600, invoiceCreateSeconds: 600, closingSeconds: 600,
  refundAskSeconds: [3], erasureSettleSeconds: 1,
} as const

/** Three people of their own for a flow: nobody of an earlier one is online any more, unless it runs beside others. */
export async function castFlow(place: Pick<ActPlace, 'replicas' | 'query'>, options: { isAlone?: boolean; people?: Pick<CrowdOptions, 'displayName' | 'phone'> } = {}): Promise<Cast> {
  if (options.isAlone !== false) await place.query('update mitras set wants_online = false, stale = false')
  const [customer] = await crowd(place, { kind: 'customer', count: 1, devices: true, ...options.people })
  const [mitra, other] = await crowd(place, { kind: 'mitra', count: 2, online: true, devices: true, ...options.people })
  const [finance, boss] = [await staffByRows(place, 'finance'), await staffByRows(place, 'super_admin')]
  return { customer: customer!, mitra: mitra!.on(0), other: other!.on(0), finance, boss }
}

/** Runs a flow to its end and until everything that follows has happened; answers what is left behind. */
export async function runFlow(place: ActPlace, name: FlowName, cast: Cast): Promise<Record<string, unknown>> {
  await FLOWS[name].run(createActs(place, cast))
  await comeToRest(place)
  return finalState(place, cast)
}

export type Crashing = { died(): number; stop(): Promise<void> }

/**
 * The only replica of a cluster, which dies at the first of these points; another is started in its place, which dies
 * at the second, and so on. The last one lives until `stop`.
 */
export async function startCrashing(cluster: Cluster, points: readonly CrashPoint[]): Promise<Crashing> {
  let died = 0
  let isOver = false
  const start = () => cluster.startReplica(0, points[died] === undefined ? {} : { FAULT_AT: points[died] })
  // What waits is run as soon as a replica is up: it may die at its point before it is ready.
  const startAgain = async () => {
    for (;;) {
      try {
        return await start()
      } catch (error) {
        if (died === points.length || !(error instanceof Error && error.message.includes('SIGKILL'))) throw error
        died++
        await endLeases(cluster)
      }
    }
  }
  let replica = await startAgain()
  const watching = (async () => {
    for (;;) {
      const { process } = replica
      if (process.exitCode === null && process.signalCode === null) await once(process, 'exit')
      if (isOver) return
      if (process.signalCode !== 'SIGKILL' || died === points.length) throw new Error('the replica ended by itself')
      died++
      await endLeases(cluster)
      replica = await startAgain()
      await redeliver(cluster)
    }
  })()
  // Told by `stop`; what a flow waits for does not come then, and says so earlier.
  watching.catch(() => {})
  return {
    died: () => died,
    async stop() {
      isOver = true
      await replica.kill('SIGKILL')
      await watching
    },
  }
}

/** What a dead worker held is given up by time; here that time is over at once. */
export async function endLeases(place: Pick<StatePlace, 'query'>): Promise<void> {
  for (const [table, waiting] of Object.entries(WAITING)) {
    await place.query(`update ${table} set claimed_until = null, due_at = least(due_at, app_now() - interval '3 seconds') where ${waiting} and claimed_until is not null`)
  }
  for (const table of ['payments', 'payouts']) await place.query(`update ${table} set claimed_until = null where claimed_until is not null`)
  await place.query('update timetable set claimed_until = null where claimed_until is not null')
  await place.query('update refunds set claimed_until = null where claimed_until is not null')
  await place.query('update idempotency_keys set locked_until = app_now() where status is null')
}

/** The provider tells again what was not heard. */
export async function redeliver(place: Pick<StatePlace, 'simulators'>): Promise<void> {
  const { xendit } = place.simulators.control
  for (const event of xendit.webhooks()) if (event.state === 'failed') await xendit.resendWebhook(event.id)
}

const WAITING = { outbox: 'done_at is null and parked_at is null', provider_inbox: `state = 'received'`, pushes: `state = 'queued'`, letters: `state = 'queued'` }

/** Makes everything due that waits for its time, and waits until it is done. */
export async function comeToRest(place: Pick<StatePlace, 'query'>): Promise<void> {
  await eventually(async () => {
    const left = await Promise.all(Object.entries(WAITING).map(async ([table, waiting]) => {
      await place.query(`update ${table} set due_at = app_now() - interval '3 seconds' where ${waiting} and due_at > app_now() - interval '3 seconds' and claimed_until is null`)
      return place.query(`select 1 from ${table} where ${waiting} limit 1`)
    }))
    return left.every((rows) => rows.length === 0)
  }, 'everything is done', { timeoutMs: 60_000 })
}
