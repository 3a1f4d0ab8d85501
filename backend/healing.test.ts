import { Redis } from 'iovalkey'
import t, { type Test } from 'tap'
import { startTestApp } from './testing/app.ts'
import { startFaultProxy } from './testing/fault-proxy.ts'
import { losePublishes } from './testing/lossy-publishes.ts'
import { startPairs } from './testing/pairs.ts'
import { approvedMitra, customer, expect } from './testing/people.ts'
import { chooseSeed, createRandom } from './testing/random.ts'
import { connect, type TestSocket } from './testing/socket.ts'
import { invoiceOf, packageOf, STAGE_SETTINGS, stage, startSession } from './testing/stage.ts'
import { eventually } from './testing/wait.ts'

/** The healer may be faster than the publish of what it finds: then a version comes twice, and clients drop the second. */
function sameVersionsAreSame(t: Test, socket: TestSocket): void {
  for (const [version, frames] of Map.groupBy(socket.all('session:updated'), (frame) => frame['session'].version as number)) {
    for (const frame of frames) t.same(frame, frames[0], `version ${version}`)
  }
}

t.test('sessions and offers on the socket', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
  const valkey = new Redis(app.valkey.url)
  t.teardown(() => valkey.disconnect())

  t.test('every event comes while pub/sub works, and ready has what is open', async (t) => {
    const scene = await stage(app, 'active')
    const [who, mitra] = await Promise.all([connect(scene.customer.on(1)), connect(scene.mitra)])
    for (const socket of [who, mitra]) {
      t.match(socket.ready, { sessions: [{ id: scene.sessionId, state: 'active' }], conversations: [{ headSeq: Number }] })
      socket.send({ type: 'heartbeat' })
      t.match(await socket.next('heartbeat'), { sessions: [{ id: scene.sessionId, version: Number }], offers: [], conversations: [{ headSeq: Number }] })
    }
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    for (const socket of [who, mitra]) await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'ended' })
    await Promise.all(app.replicas.map((replica) => replica.realtime.heal()))
    for (const socket of [who, mitra]) sameVersionsAreSame(t, socket)
    await Promise.all([who.close(), mitra.close()])
  })

  t.test('with publishes refused by Valkey: offer, its end, session states, all within seconds', async (t) => {
    const [who, mitra] = await Promise.all([customer(app), approvedMitra(app, { online: true })])
    const { id: packageId } = await packageOf(app, 15)
    const started = await expect(201, startSession(who, { packageId, mitraId: mitra.id }))
    const sessionId = started.body.session.id as string
    const [a, b] = await Promise.all([connect(who.on(1)), connect(mitra.on(1))])
    await valkey.call('ACL', 'SETUSER', 'default', '-publish')
    t.teardown(() => valkey.call('ACL', 'SETUSER', 'default', '+publish'))
    await app.simulators.control.xendit.pay(await invoiceOf(app, sessionId))
    const { offer } = await b.next('offer:created')
    t.equal(offer.sessionId, sessionId)
    await a.next('session:updated', { matches: (frame) => frame['session'].state === 'ringing' })
    await expect(200, mitra.call('POST', `/api/v1/offers/${offer.id}/accept`))
    t.match(await b.next('offer:ended'), { offerId: offer.id, outcome: 'accepted' })
    for (const socket of [a, b]) await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'active' })
    await expect(200, who.call('POST', `/api/v1/sessions/${sessionId}/end`))
    for (const socket of [a, b]) await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'ended' })
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    await eventually(() => b.isOpen() && a.isOpen(), 'the sockets are open')
    await Promise.all([a.close(), b.close()])
  })
})

t.test('a tenth of all publishes is lost, the last of every burst among them, and subscribers are killed', async (t) => {
  const random = createRandom(chooseSeed())
  t.comment(`SEED=${random.seed}`)
  const ways = [await startFaultProxy(t), await startFaultProxy(t)]
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS, through: { valkey: ways } })
  const losses = ways.map((way) => losePublishes(way, random, 0.1))
  const lose = (probability: number) => {
    for (const loss of losses) loss.probability = probability
  }
  const valkey = new Redis(app.valkey.url)
  t.teardown(() => valkey.disconnect())

  await t.test('messages: everybody has everything while connected, each once', async (t) => {
    lose(0)
    const pairs = await startPairs(app, { count: 5, random })
    t.teardown(() => pairs.stop())
    const comings = pairs.resumedMs().length
    const whole = (what: string) => eventually(() => pairs.clients.every((client) => client.outbox.size === 0) && pairs.pairs.every(({ clients: [a, b] }) => a.list.length === b.list.length), what, { timeoutMs: 60_000 })
    const stored = (what: string) => eventually(() => pairs.clients.every((client) => client.outbox.size === 0), what)
    // A publish follows its ack, on a busy machine long after: those of a burst may all meet what is set for its last word.
    // A replica whose Valkey is not up yet answers all the same, and publishes nothing: said again until both do.
    await eventually(async () => {
      for (const client of pairs.clients) client.send('before anything is lost')
      await stored('a word is stored')
      return losses.every((loss) => loss.passed > 0)
    }, 'every replica has published', { timeoutMs: 60_000 })
    await whole('both of every pair have the first word')
    for (let burst = 0; burst < 8; burst++) {
      lose(0.1)
      for (const client of pairs.clients) for (let n = random.below(10); n >= 0; n--) client.send(`burst ${burst}: ${n}`)
      await stored('the burst is stored')
      lose(1)
      for (const client of pairs.clients) client.send(`the last of burst ${burst}`)
      await stored('so is its last word')
      if (burst % 3 === 2) await valkey.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await whole('both of every pair have everything')
    }
    t.same(await pairs.findFaults(), [])
    t.equal(pairs.resumedMs().length, comings, 'nobody had to come again for it')
    t.ok(losses.every((loss) => loss.lost > 0 && loss.passed > 0), `${losses.map((loss) => `${loss.lost} of ${loss.lost + loss.passed}`).join(' and ')} publishes were lost`)
  })

  await t.test('sessions and offers: every state comes', async (t) => {
    const { id: packageId } = await packageOf(app, 15)
    for (const [round, probability] of [0.5, 1, 0.5].entries()) {
      lose(probability)
      const [who, mitra] = await Promise.all([customer(app), approvedMitra(app, { online: true, replica: 1 })])
      const [a, b] = await Promise.all([connect(who), connect(mitra)])
      const started = await expect(201, startSession(who, { packageId, mitraId: mitra.id }))
      const sessionId = started.body.session.id as string
      await app.simulators.control.xendit.pay(await invoiceOf(app, sessionId))
      const { offer } = await b.next('offer:created')
      if (round === 0) await valkey.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await expect(200, mitra.on(0).call('POST', `/api/v1/offers/${offer.id}/accept`))
      t.match(await b.next('offer:ended'), { offerId: offer.id, outcome: 'accepted' })
      for (const socket of [a, b]) await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'active' })
      await expect(200, who.on(1).call('POST', `/api/v1/sessions/${sessionId}/end`))
      for (const socket of [a, b]) {
        await socket.next('session:updated', { matches: (frame) => frame['session'].state === 'ended' })
        sameVersionsAreSame(t, socket)
      }
      t.ok(a.isOpen() && b.isOpen())
      await Promise.all([a.close(), b.close()])
    }
  })
})
