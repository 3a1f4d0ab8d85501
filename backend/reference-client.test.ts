import { once } from 'node:events'
import t from 'tap'
import { startTestApp } from './testing/app.ts'
import { approvedMitra, customer, goOnline, type Person as Who } from './testing/people.ts'
import { advisedDelayMs, afterClose, Outbox, Person, reconnectDelayMs, ServerClock, sessionLeftMs, type Client } from './testing/reference-client.ts'
import { packageOf } from './testing/stage.ts'
import { eventually } from './testing/wait.ts'

t.test('a place in the queue moves without a new version, and an older version is dropped', async (t) => {
  const one = new Person({ url: 'http://127.0.0.1:1' })
  const told = (version: number, position?: number) => {
    one.take({ id: 's', version, state: 'queued', ...(position === undefined ? {} : { queue: { position, waitSeconds: null } }) })
    return one.sessions.get('s')?.queue?.position
  }
  t.same([told(2, 5), told(2, 4), told(1, 9), told(2), told(3, 3)], [5, 4, 4, 4, 3])
})

t.test('the outbox goes through its states and no others', async (t) => {
  let now = 0
  let kept: object[] = []
  const outbox = new Outbox({ now: () => now, save: (entries: object[]) => void (kept = entries) })
  const states = () => outbox.entries.map((entry) => entry.state)
  const one = outbox.add({ conversationId: 'c', body: 'one' })
  outbox.add({ conversationId: 'c', body: 'two' })
  t.same([states(), outbox.due(false)], [['queued', 'queued'], []], 'without a socket it waits')
  t.match(outbox.due(true), [{ type: 'message:send', clientId: one.clientId, body: 'one' }, { body: 'two' }], 'in the order in which it was said')
  t.same([states(), outbox.due(true)], [['sent', 'sent'], []], 'once')
  now += 10_000
  t.equal(outbox.due(true).length, 2, 'again where an answer is long overdue')
  outbox.lost()
  t.same(states(), ['unknown', 'unknown'])
  t.match(outbox.due(true), [{ clientId: one.clientId }, {}], 'under the same clientId')
  outbox.apply({ type: 'message:rejected', clientId: one.clientId, code: 'not_ready' })
  t.same([states(), outbox.due(true)], [['unknown', 'sent'], []], 'not_ready leaves it open, and is not asked again at once')
  now += 1000
  t.match(outbox.due(true), [{ clientId: one.clientId }])
  t.match(outbox.apply({ type: 'message:ack', clientId: one.clientId, seq: 1 }), { body: 'one' })
  t.equal(outbox.apply({ type: 'message:ack', clientId: one.clientId, seq: 1 }), undefined, 'a second ack is nothing new')
  const [two] = outbox.entries
  outbox.apply({ type: 'message:rejected', clientId: two!.clientId, code: 'conversation_closed', detail: 'The conversation is closed.' })
  t.match(outbox.entries, [{ state: 'rejected', code: 'conversation_closed' }])
  t.same(outbox.due(true), [], 'what was rejected is not sent by itself')
  t.not(outbox.retry(two!.clientId)!.clientId, two!.clientId, 'once more is a new message')
  outbox.due(true)
  t.match(new Outbox({ saved: kept }).entries, [{ body: 'two', state: 'unknown' }], 'after the app was closed nobody knows')
})

t.test('the clock is the server’s, by the shortest round trip', async (t) => {
  let now = 1000
  const clock = new ServerClock(() => now)
  clock.sample(0, 1000, new Date(5_000_500).toISOString())
  t.equal(clock.nowMs(), 5_001_000)
  now = 1060
  clock.sample(1040, 1060, new Date(5_002_050).toISOString())
  t.equal(clock.nowMs(), 5_002_060)
  const session = { state: 'active', package: { minutes: 15 }, startedAt: new Date(0).toISOString(), endsAt: new Date(60_000).toISOString() }
  t.equal(sessionLeftMs(session, 45_000), 15_000)
  t.equal(sessionLeftMs(session, 70_000), 0)
  t.equal(sessionLeftMs({ ...session, state: 'paused', pausedAt: new Date(20_000).toISOString() }, 70_000), 40_000, 'it stands still while paused')
  const waiting = { state: 'active', package: { minutes: 15 }, endsAt: new Date(960_000).toISOString() }
  t.same([sessionLeftMs(waiting, 30_000), sessionLeftMs(waiting, 70_000)], [900_000, 890_000], 'and until it has begun')
})

t.test('who comes back waits as advised, then longer and longer, by chance', async (t) => {
  t.equal(reconnectDelayMs(0, 1234), 1234)
  t.same([0, 1, 2, 3, 9].map((attempt) => reconnectDelayMs(attempt, undefined, () => 1)), [1000, 2000, 4000, 8000, 30_000])
  t.same([0, 5].map((attempt) => reconnectDelayMs(attempt, undefined, () => 0)), [500, 15_000])
  t.equal(reconnectDelayMs(1, 20_000, () => 0), 20_000, 'never before what was advised')
  t.same([advisedDelayMs('the server restarts; reconnectAfterMs=417'), advisedDelayMs('')], [417, undefined])
  t.same([4401, 4403, 4409, 4429, 1012, 1006].map(afterClose), ['refresh', 'sign-out', 'stay-away', 'slow-down', 'again', 'again'])
})

t.test('against the real server', async (t) => {
  // A token of 61 s is renewed after one: every call and the socket live through it.
  const app = await startTestApp(t, { settings: { sweepMs: 100, accessTokenSeconds: 61, presenceGraceSeconds: 0 } })
  const { id: packageId } = await packageOf(app, 15)
  const [citra, made] = await Promise.all([customer(app), approvedMitra(app)])
  const clientOf = ({ token, refreshToken }: Who) => {
    const client = new Person({ url: app.url, saved: { tokens: { accessToken: token, refreshToken, expiresAtMs: Date.now() + 61_000 } } })
    t.after(() => client.realtime.cut())
    return client
  }
  const [one, other] = [clientOf(citra), clientOf(made)]
  const frames: { way: string; frame: { type: string } }[] = []
  one.realtime.addEventListener('frame', (event) => void frames.push((event as CustomEvent<typeof frames[number]>).detail))
  const isReady = (client: Client) => eventually(() => client.realtime.state === 'ready', 'the socket is ready')
  await Promise.all([one.resume(), other.resume()])
  await Promise.all([isReady(one), isReady(other)])
  await goOnline(made)

  const { session } = await one.api.call('POST', '/sessions', { packageId }, { 'idempotency-key': 'reference-client' })
  one.take(session)
  const checkoutUrl = await eventually(() => one.openSession?.payment?.checkoutUrl, 'there is an invoice')
  await app.simulators.control.xendit.pay(checkoutUrl.split('/').at(-1)!)
  const [offerId] = await eventually(() => (other.offers.size > 0 ? [...other.offers.keys()] : undefined), 'the mitra is rung')
  other.take((await other.api.call('POST', `/offers/${offerId}/accept`)).session)
  await eventually(() => one.openSession?.state === 'active' && other.openSession?.state === 'active', 'both are told')
  t.equal(other.offers.size, 0, 'the offer is over')
  const id = one.openSession!.conversationId!
  const listOf = (client: Client) => client.conversations.get(id)?.list ?? []
  const bodies = (client: Client) => listOf(client).filter((message) => message.senderId !== null).map((message) => message.body)
  const isSame = () => eventually(() => one.outbox.entries.length === 0 && listOf(one).length > 0 && JSON.stringify(listOf(one)) === JSON.stringify(listOf(other)), 'both have the same')

  t.test('a message is acked, delivered, read; typing and presence are told', async (t) => {
    one.type(id)
    await eventually(() => other.typing.get(id)?.has(one.user.id), 'one types')
    one.say(id, 'Halo')
    await isSame()
    await eventually(() => one.conversations.get(id)!.peerDeliveredSeq === listOf(one).length, 'delivered')
    t.ok(one.conversations.get(id)!.peerReadSeq < listOf(one).length, 'not read yet')
    other.markRead(id)
    await eventually(() => one.conversations.get(id)!.peerReadSeq === listOf(one).length, 'read')
    t.notOk(other.typing.get(id)?.has(one.user.id), 'who has sent types no more')
    await eventually(() => one.presence.get(other.user.id) === 'online' && other.presence.get(one.user.id) === 'online', 'both are online')
  })

  t.test('a message whose ack was lost is stored once', async (t) => {
    one.say(id, 'Said once')
    one.realtime.cut()
    t.match(one.outbox.entries, [{ body: 'Said once', state: 'unknown' }])
    await eventually(() => bodies(other).includes('Said once'), 'it is stored')
    one.realtime.connect()
    await isSame()
    t.equal(bodies(one).filter((body) => body === 'Said once').length, 1)
    const sends = frames.filter(({ way, frame }) => way === 'out' && JSON.stringify(frame).includes('"Said once"'))
    t.equal(sends.length, 2, 'it was sent twice')
    t.same(sends[0]!.frame, sends[1]!.frame)
  })

  t.test('what was missed while cut off is made good: messages, edits, deletions, the outbox', async (t) => {
    const before = listOf(other).length
    for (const body of ['first', 'second']) other.say(id, body)
    await eventually(() => other.outbox.entries.length === 0 && listOf(one).length === before + 2, 'both are acked')
    one.realtime.cut()
    await eventually(() => other.presence.get(one.user.id) === 'offline', 'the other one is told')
    one.say(id, 'said without a connection')
    t.match(one.outbox.entries, [{ state: 'queued' }])
    other.say(id, 'missed')
    t.ok(other.edit(id, before + 1, 'first, better'))
    t.ok(other.delete(id, before + 2))
    await eventually(() => listOf(other)[before + 1]?.deleted === true && listOf(other)[before]?.body === 'first, better' && other.outbox.entries.length === 0, 'all of it is stored')
    one.realtime.connect()
    await isSame()
    t.same(bodies(one).slice(-4), ['first, better', '', 'missed', 'said without a connection'])
  })

  t.test('what can not be stored is rejected and stays to be seen', async (t) => {
    one.say(id, 'x'.repeat(4001))
    const entry = await eventually(() => one.outbox.entries.find(({ state }) => state === 'rejected'), 'it is rejected')
    t.equal(entry.code, 'message_too_long')
    one.outbox.discard(entry.clientId)
    await isSame()
  })

  t.test('the token is renewed on the open socket, and the clock is known', async (t) => {
    await eventually(() => frames.filter(({ way, frame }) => way === 'out' && frame.type === 'authenticate').length >= 4, 'another token is sent', { timeoutMs: 60_000 })
    t.equal(one.realtime.state, 'ready')
    t.ok(one.clock.isKnown)
    t.ok(Math.abs(one.clock.nowMs() - Date.now()) < 10_000)
  })

  t.test('the end of the session and of the sign-in are told', async (t) => {
    await one.api.call('POST', `/sessions/${session.id}/end`)
    await eventually(() => one.lastSession?.state === 'ended' && other.lastSession?.state === 'ended', 'both are told')
    await isSame()
    const isOut = once(other.realtime, 'signed-out')
    await other.api.call('POST', '/auth/logout-all')
    await isOut
    t.equal(other.realtime.state, 'idle', 'it does not come back')
    await one.signOut()
    t.equal(one.user, undefined)
  })
})
