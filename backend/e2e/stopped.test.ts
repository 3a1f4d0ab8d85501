import t from 'tap'
import { startCluster, type Cluster } from '../testing/cluster.ts'
import { createActs, type Cast } from '../testing/crash-acts.ts'
import { castFlow, comeToRest, CRASH_SETTINGS, endLeases } from '../testing/crash-run.ts'
import { finalState, findUnrest } from '../testing/final-state.ts'
import { eventually } from '../testing/wait.ts'

/** Long enough for the worker to be stopped while it waits; much shorter than the gateway's own patience. */
const SLOW_MS = 2000

type Stop = (operation: 'get' | 'expire', work: () => Promise<void>) => Promise<void>

/** A hold that is let go, and one that is paid, served and ended; `stop` may stop a worker that waits for the provider. */
async function live(cluster: Cluster, cast: Cast, stop: Stop): Promise<Record<string, unknown>> {
  const acts = createActs(cluster, cast)
  const unpaid = await acts.start({ minutes: 30 })
  await acts.invoiceOf(unpaid)
  await stop('expire', () => acts.cancel(unpaid))
  await acts.until(unpaid, 'cancelled')
  const sessionId = await acts.start()
  const invoiceId = await acts.invoiceOf(sessionId)
  await stop('get', () => acts.payInvoice(invoiceId))
  await acts.answer(cast.mitra, 'accept')
  await acts.talk(sessionId, cast.mitra)
  await acts.end(sessionId)
  await comeToRest(cluster)
  return finalState(cluster, cast)
}

/** One replica takes the work and is stopped in the middle of it; another follows once its claims have run out, and then the first goes on. */
function stopIn(cluster: Cluster, cast: Cast): Stop {
  const { control } = cluster.simulators
  return async (operation, work) => {
    const stopped = cluster.replicas[0]!
    control.setFaults({ xendit: { api: { delayMs: SLOW_MS, operations: [operation] } } })
    const before = control.calls(`xendit.${operation}`)
    const working = work()
    await eventually(() => control.calls(`xendit.${operation}`) > before, `the provider is asked (${operation})`, { timeoutMs: 60_000 })
    await stopped.kill('SIGSTOP')
    control.resetFaults()
    await endLeases(cluster)
    const follower = await cluster.startReplica(1)
    control.xendit.setWebhookUrls([`${follower.url}/webhooks/xendit/invoice`])
    const isDone = operation === 'expire' ? `state = 'cancelled'` : `state = 'ringing'`
    await eventually(async () => (await cluster.query(`select 1 from chat_sessions where customer_id = $1 and ${isDone}`, [cast.customer.id])).length > 0, 'the other one has done it', { timeoutMs: 60_000 })
    t.ok(stopped.isAlive(), 'and the first still waits for its turn')
    await follower.kill('SIGKILL')
    await stopped.kill('SIGCONT')
    control.xendit.setWebhookUrls([`${stopped.url}/webhooks/xendit/invoice`])
    await working
  }
}

t.test('a worker that was stopped beyond its claims and goes on does nothing twice', async (t) => {
  const cluster = await startCluster(t, { replicas: 1, settings: CRASH_SETTINGS })
  const cast = await castFlow(cluster)
  const left = await live(cluster, cast, stopIn(cluster, cast))
  const undisturbed = await live(cluster, await castFlow(cluster), (_operation, work) => work())
  t.same(left, undisturbed)
  t.same(await findUnrest(cluster), [])
})
