import { once } from 'node:events'
import t from 'tap'
import { startTestApp } from './testing/app.ts'
import { converse, sendOf } from './testing/conversations.ts'
import { crowd } from './testing/crowd.ts'
import { startFaultProxy } from './testing/fault-proxy.ts'
import { connect } from './testing/socket.ts'
import { eventually } from './testing/wait.ts'

const PING_SECONDS = 2
const HELD_UP_MS = PING_SECONDS * 1000 + 500
/** Longer than this process may stand still; it passes by the clock of the database. */
const STALE_SECONDS = 60

t.test('a mitra whose network vanishes without a FIN is offline soon, and is pushed what was not delivered', async (t) => {
  const app = await startTestApp(t, {
    replicas: 2,
    settings: { pingSeconds: PING_SECONDS, staleSeconds: STALE_SECONDS, recoverySweepSeconds: 0, livenessWriteSeconds: 0, pushAfterSeconds: 30, sweepMs: 200, healMs: 500 },
  })
  const customer = (await crowd(app, { kind: 'customer', count: 1 }))[0]!
  const mitra = (await crowd(app, { kind: 'mitra', count: 1, online: true, devices: true }))[0]!
  const conversationId = await converse(app, [customer, mitra])
  const near = app.replicas[1]!
  const network = await startFaultProxy(t, Number(new URL(near.url).port))
  const [a, b] = [await connect(customer), await connect({ ...mitra, url: `http://127.0.0.1:${network.port}` })]
  // The app goes on as if nothing were wrong: it does not know better either.
  const beat = setInterval(() => {
    if (b.isOpen()) b.send({ type: 'heartbeat' })
  }, 200)
  t.teardown(() => clearInterval(beat))
  const status = async () => (await app.query<{ stale: boolean; wants_online: boolean }>('select stale, wants_online from mitras where user_id = $1', [mitra.id]))[0]!
  const isStale = async () => {
    const [row] = await app.query<{ stale: boolean; is_seen: boolean }>('select stale, last_seen_at > app_now() - make_interval(secs => $2) as is_seen from mitras where user_id = $1', [mitra.id, STALE_SECONDS])
    // A sign of life that was on its way when time was moved is written with the time to which it was moved.
    if (!row!.stale && row!.is_seen) await app.clock.advance(STALE_SECONDS + 1)
    return row!.stale
  }
  const pushes = () => app.simulators.control.fcm.messages(`phone-${mitra.id}`)

  await b.next('heartbeat')
  a.send(sendOf(conversationId, 'are you there?'))
  const first = await b.next('message:received')
  b.send({ type: 'message:delivered', conversationId, seq: first['seq'] })
  await a.next('message:delivered')
  await eventually(async () => (await app.query('select 1 from conversation_members where user_id = $1 and delivered_seq >= 1', [mitra.id]))[0], 'that is written')
  t.same(await status(), { stale: false, wants_online: true })

  network.blackhole()
  a.send(sendOf(conversationId, 'and now?'))
  await a.next('message:ack', { matches: (frame) => frame['seq'] === 2 })
  await app.clock.advance(31)
  const pushed = await eventually(() => pushes()[0], 'the message is pushed')
  t.match(pushed, { data: { kind: 'message', conversationId } })
  t.notMatch(JSON.stringify(pushed), 'and now', 'without its text')
  await eventually(() => !near.realtime.hub.isConnected(mitra.id), 'the replica has given the socket up')
  await eventually(isStale, 'new matches pass by')
  await a.next('presence:offline', { matches: (frame) => frame['userId'] === mitra.id })
  t.ok(a.isOpen(), 'nobody else is touched')
  t.ok(b.isOpen(), 'the app itself has heard of nothing')
  t.same((await status()).wants_online, true, 'the wish stays')

  network.open()
  await b.closed
  const again = await connect({ ...mitra, url: `http://127.0.0.1:${network.port}` })
  again.send({ type: 'sync', conversations: [{ id: conversationId, afterSeq: 1 }] })
  t.match(await again.next('conversation:synced'), { messages: [{ seq: 2, body: 'and now?' }] })
  await eventually(async () => !(await status()).stale, 'seen again, online again')
  await a.next('presence:online', { matches: (frame) => frame['userId'] === mitra.id })
  t.equal(pushes().length, 1, 'what was delivered was not pushed')

  // The answer to the ping is there, and this process has no time to read it until the next one is due.
  const held = await connect(customer)
  await once(held.raw, 'ping')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HELD_UP_MS)
  held.send({ type: 'heartbeat' })
  await held.next('heartbeat')
  t.ok(held.isOpen(), 'who was silent only because nobody listened is not given up')
  await Promise.all([a.close(), again.close(), held.close()])
})
