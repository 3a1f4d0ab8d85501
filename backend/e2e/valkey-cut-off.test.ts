import t from 'tap'
import { startTestApp, type TestApp } from '../testing/app.ts'
import { startFaultProxy } from '../testing/fault-proxy.ts'
import { keepTalking, untilAcked } from '../testing/outage.ts'
import { startPairs } from '../testing/pairs.ts'
import { expect } from '../testing/people.ts'
import { chooseSeed, createRandom } from '../testing/random.ts'
import { STAGE_SETTINGS, stage } from '../testing/stage.ts'
import { eventually } from '../testing/wait.ts'

const seed = chooseSeed()

t.test(`Valkey is cut off without a word, under load (SEED=${seed} npm test -- e2e/valkey-cut-off)`, async (t) => {
  const ways = [await startFaultProxy(t), await startFaultProxy(t)]
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS, through: { valkey: ways } })
  const pairs = await startPairs(app, { count: 4, random: createRandom(seed) })
  t.teardown(() => pairs.stop())
  const talk = keepTalking(pairs, 40)
  const isUp = () => app.replicas.every((replica) => replica.ctx.valkey.isUp())
  await stage(app, 'active')

  await t.test('everything goes on, by rows', async (t) => {
    for (const way of ways) way.blackhole()
    const scene = await stage(app, 'active', { named: true })
    t.notOk(app.replicas[0]!.ctx.valkey.isUp(), 'it was noticed')
    const left = [0, 1, 2].map(async () => Number((await expect(200, scene.customer.call('GET', `/api/v1/sessions/${scene.sessionId}`))).headers['ratelimit-remaining']))
    t.equal(new Set(await Promise.all(left)).size, 3, 'requests are still counted')
    await untilAcked(pairs)
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    await eventually(async () => (await app.query(`select 1 where exists (select from provider_inbox) and not exists (select from provider_inbox where state = 'received')`))[0], 'every webhook has had its effect', { timeoutMs: 30_000 })
    for (const way of ways) way.open()
    await eventually(isUp, 'it is back', { timeoutMs: 30_000 })
  })

  await t.test('its host was replaced: old connections are dead, and nobody says so', async (t) => {
    for (const way of ways) way.halfOpen()
    await untilAcked(pairs)
    await eventually(isUp, 'commands go through new connections', { timeoutMs: 30_000 })
    await eventually(() => ways.every((way) => way.connections() > 0), 'so they do')
    const isBack = await eventually(async () => {
      const before = await healed(app)
      await untilAcked(pairs)
      return (await healed(app)) === before
    }, 'events come by themselves again, not by the healer', { timeoutMs: 120_000 })
    t.equal(isBack, true, 'pub/sub is back')
  })

  await talk.end()
  t.same(await pairs.findFaults(), [], `${pairs.acked()} acked, and no fault`)
  t.same(pairs.clients.flatMap((client) => client.rejected), [], 'nothing was refused')
})

async function healed(app: TestApp): Promise<number> {
  const all = await Promise.all(app.replicas.map((replica) => replica.ctx.metrics.healed.get()))
  return all.flatMap(({ values }) => values).reduce((sum, { value }) => sum + value, 0)
}
