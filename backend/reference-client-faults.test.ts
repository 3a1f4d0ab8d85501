import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocketServer, type WebSocket } from 'ws'
import { startTestApp } from './testing/app.ts'
import { ConversationModel } from './testing/conversation-model.ts'
import { messagesIn, pairUp } from './testing/conversations.ts'
import type { Person as Who } from './testing/people.ts'
import { Conversation, Gaps, Outbox, Person, Realtime, ServerClock } from './testing/reference-client.ts'
import { eventually } from './testing/wait.ts'

const ME = 'me'
const message = (seq: number, body: string, change?: number) => ({ conversationId: 'c', seq, id: `m${seq}`, clientId: `c${seq}`, senderId: 'other', body, sentAt: '2026-11-21T06:57:33.473Z', ...(change === undefined ? {} : { change }) })

t.test('a message came by an event, the event of its edit was lost, and only then comes the first page', async (t) => {
  const models = {
    'the apps’ client': () => {
      const conversation = new Conversation('c')
      return { ask: () => conversation.ask(), apply: (frame: { type: string }) => conversation.apply(frame, ME), isWhole: () => conversation.isWhole, bodies: () => conversation.list.map(({ body }) => body) }
    },
    'the harness’s client': () => {
      const model = new ConversationModel('c', ME)
      return { ask: () => model.ask(), apply: (frame: { type: string }) => void model.apply(frame), isWhole: () => model.isWhole(), bodies: () => model.list.map(({ body }) => body) }
    },
  }
  // What the server has: three messages, the first and the last one edited.
  const stored = [message(1, 'one, better', 1), message(2, 'two'), message(3, 'three, better', 2)]
  const answer = ({ afterSeq, afterChange }: { afterSeq: number; afterChange?: number }, limit: number) => {
    const [messages, changed] = [stored.filter(({ seq }) => seq > afterSeq), stored.filter(({ change = 0 }) => afterChange !== undefined && change > afterChange)]
    const changes = changed.map(({ conversationId, seq, change, body }) => ({ conversationId, seq, change, body })).toSorted((a, b) => a.change! - b.change!)
    const hasMore = messages.length > limit || changes.length > limit
    return { type: 'conversation:synced', conversationId: 'c', messages: messages.slice(0, limit), changes: changes.slice(0, limit), headSeq: 3, headChange: 2, firstSeq: 1, hasMore }
  }
  for (const [name, make] of Object.entries(models)) {
    for (const limit of [1, 100]) {
      for (const live of [1, 3]) {
        for (const isAskedBefore of [false, true]) {
          const model = make()
          const asked = isAskedBefore ? model.ask() : undefined
          model.apply({ type: 'message:received', ...message(live, live === 1 ? 'one' : 'three') })
          if (asked) model.apply(answer(asked, limit))
          for (let ask = model.ask(); ask !== undefined && !(model.isWhole() && ask.afterSeq === 3); ask = model.ask()) model.apply(answer(ask, limit))
          t.same(model.bodies(), ['one, better', 'two', 'three, better'], `${name}, ${limit} a page, ${live} first, ${isAskedBefore ? 'asked before' : 'asked after'}`)
        }
      }
    }
  }
})

t.test('what was said stays in its order through not_ready, whatever each one’s wait is', async (t) => {
  let now = 0
  const outbox = new Outbox({ now: () => now })
  const bodies = () => outbox.due(true).map(({ body }) => body)
  const say = (body: string, conversationId = 'c') => outbox.add({ conversationId, body }).clientId
  for (let round = 0; round < 20; round++) {
    const [a, b] = [say('A'), say('B')]
    t.same(bodies(), ['A', 'B'])
    for (const clientId of [a, b]) outbox.apply({ type: 'message:rejected', clientId, code: 'not_ready' })
    const c = say('C')
    const elsewhere = say('elsewhere', 'other')
    t.same(bodies(), ['elsewhere'], 'nothing overtakes what waits; another conversation is not held up')
    const sent: string[] = []
    for (let step = 0; step < 40 && sent.length < 3; step++) {
      now += 50
      const due = outbox.due(true)
      sent.push(...due.map(({ body }) => body))
      if (round % 2 === 0) t.ok(due.length <= 1, 'one at a time until it is answered')
      // Every other round the first one is refused once more.
      for (const { clientId } of due) outbox.apply(round % 2 === 1 && sent.length === 1 ? { type: 'message:rejected', clientId, code: 'not_ready' } : { type: 'message:ack', clientId })
    }
    for (let step = 0; step < 80 && outbox.entries.some(({ clientId }) => clientId !== elsewhere); step++) {
      now += 50
      for (const { clientId, body } of outbox.due(true)) {
        sent.push(body)
        outbox.apply({ type: 'message:ack', clientId })
      }
    }
    t.same([...new Set(sent)], ['A', 'B', 'C'], 'in their order')
    t.notOk(outbox.entries.some(({ clientId }) => clientId === c))
    outbox.discard(elsewhere)
    now += 10_000
  }
})

t.test('a full outbox stays below the limit on frames, in its order, and nothing of it is sent twice', async (t) => {
  let now = 0
  const outbox = new Outbox({ now: () => now })
  const said = Array.from({ length: 700 }, (_, at) => outbox.add({ conversationId: `c${at % 3}`, body: String(at) }).body)
  const sent: string[] = []
  const bucket = { left: 600, most: 0 }
  for (; sent.length < 700 && now < 60_000; now += 500) {
    bucket.left = Math.min(600, bucket.left + 30) // the server gives 60 a second back
    const due = outbox.due(true)
    bucket.left -= due.length
    t.ok(bucket.left > 300, 'half of the limit is left for other frames')
    for (const { clientId, body } of due) {
      sent.push(body)
      outbox.apply({ type: 'message:ack', clientId })
    }
  }
  t.same(sent, said)
})

t.test('a frame that the server passed over without saying which: everything without an answer is sent again, first things first', async (t) => {
  let now = 0
  const outbox = new Outbox({ now: () => now })
  for (const body of ['A', 'B']) outbox.add({ conversationId: 'c', body })
  const [a] = outbox.due(true)
  outbox.passedOver()
  outbox.add({ conversationId: 'c', body: 'C' })
  t.same(outbox.due(true), [], 'not at once')
  now += 1000
  t.match(outbox.due(true), [{ clientId: a!.clientId, body: 'A' }])
})

t.test('what an app kept of its outbox goes out in the next one, whenever its clock begins', async (t) => {
  let kept: object[] = []
  let now = 5_000_000
  const outbox = new Outbox({ now: () => now, save: (entries) => void (kept = entries) })
  const { clientId } = outbox.add({ conversationId: 'c', body: 'kept' })
  outbox.due(true)
  outbox.apply({ type: 'message:rejected', clientId, code: 'not_ready' })
  now = 0
  t.match(new Outbox({ saved: kept, now: () => now }).due(true), [{ clientId, body: 'kept' }])
})

t.test('the clock is right after a sleep in which it stood still', async (t) => {
  let now = 0
  const clock = new ServerClock(() => now)
  const sample = (tripMs: number, serverMs: number) => clock.sample(now - tripMs, now, new Date(serverMs - tripMs / 2).toISOString())
  now = 1000
  sample(20, 1_000_000)
  t.equal(clock.nowMs(), 1_000_000)
  // An hour passes, of which this clock knows nothing; the first answer on the new socket is a slow one.
  now = 2000
  clock.restart()
  t.ok(clock.isKnown, 'the old samples are better than none')
  sample(400, 4_601_000)
  t.equal(clock.nowMs(), 4_601_000)
  now = 3000
  sample(40, 4_602_000)
  t.equal(clock.nowMs(), 4_602_000)
  // Twenty seconds on the same socket.
  now = 4000
  sample(300, 4_623_000)
  t.equal(clock.nowMs(), 4_623_000)
  // The shortest trip counts where nothing contradicts it.
  now = 5000
  clock.sample(4990, 5000, new Date(4_623_996).toISOString())
  clock.sample(4000, 5000, new Date(4_623_600).toISOString())
  t.equal(clock.nowMs(), 4_624_001)
  // A short sleep is no contradiction, but a new socket.
  clock.restart()
  now = 6000
  sample(400, 4_625_301)
  t.equal(clock.nowMs(), 4_625_301)
})

/** A server that does what a test says, where the real one can't be brought to it; `serve` is called with each socket and the token it sent. */
async function startServer(t: Test, serve: (socket: WebSocket, token: string, number: number) => void) {
  const http = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: ME })))
  const server = new WebSocketServer({ server: http })
  let opened = 0
  server.on('connection', (socket) => {
    const number = ++opened
    socket.once('message', (data: Buffer) => serve(socket, (JSON.parse(data.toString()) as { token: string }).token, number))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate()
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}`, httpUrl: `http://127.0.0.1:${port}`, opened: () => opened }
}

const tell = (socket: WebSocket, ...frames: object[]) => {
  for (const frame of frames) socket.send(JSON.stringify(frame))
}
const AUTHENTICATED = { type: 'authenticated', userId: ME, kind: 'customer', serverTime: new Date().toISOString(), heartbeatSeconds: 30, reconnectAfterMs: 10 }
const READY = { type: 'ready', sessions: [], offers: [], conversations: [], hasMore: false }
const welcome = (socket: WebSocket) => tell(socket, AUTHENTICATED, READY)

function startRealtime(t: Test, url: string, access = async (_options: { isRefused: boolean }) => 'token', patience: { readyMs?: number; answerMs?: number } = {}) {
  const tokens = { access: async (options: { isRefused: boolean }) => ({ token: await access(options), expiresAtMs: Date.now() + 900_000 }) }
  const realtime = new Realtime({ url, clock: new ServerClock(), tokens, ...patience })
  const closed: number[] = []
  realtime.addEventListener('closed', (event) => void closed.push((event as CustomEvent<{ code: number }>).detail.code))
  t.teardown(() => realtime.cut())
  realtime.connect()
  return { realtime, closed, isReady: () => eventually(() => realtime.state === 'ready', 'it is ready') }
}

/** A person at a server of `startServer` that has sent its token; `sent` are its frames since. */
async function startPerson(t: Test, begin: (socket: WebSocket) => void) {
  const sent: ({ type: string } & Record<string, unknown>)[] = []
  let socket: WebSocket | undefined
  const { httpUrl } = await startServer(t, (opened) => {
    socket = opened
    opened.on('message', (data: Buffer) => sent.push(JSON.parse(data.toString()) as typeof sent[number]))
    begin(opened)
  })
  const person = new Person({ url: httpUrl, saved: { tokens: { accessToken: 'a', refreshToken: 'r', expiresAtMs: Date.now() + 900_000 } } })
  t.teardown(() => person.signOut())
  await person.resume()
  const all = (type: string) => sent.filter((frame) => frame.type === type)
  return { person, all, tell: (...frames: object[]) => tell(socket!, ...frames), nth: (type: string, count: number) => eventually(() => all(type)[count - 1], `${type} comes, number ${count}`) }
}

const page = (headSeq: number, ...messages: object[]) => ({ type: 'conversation:synced', conversationId: 'c', messages, changes: [], headSeq, headChange: 0, firstSeq: 1, hasMore: false })

t.test('a sync whose answer does not come is asked again after a while', async (t) => {
  let now = 0
  const conversation = new Conversation('c', { now: () => now })
  const sent: object[] = []
  const gaps = new Gaps({ conversations: new Map([['c', conversation]]), realtime: { state: 'ready', send: (frame) => sent.push(frame) > 0 } })
  for (const at of [0, 5000, 9999]) {
    now = at
    gaps.ask()
    gaps.check()
  }
  t.equal(sent.length, 1)
  now = 10_000
  gaps.check()
  t.same(sent, [1, 2].map(() => ({ type: 'sync', conversations: [{ id: 'c', afterSeq: 0, afterChange: 0 }] })))
})

// They wait for a client that waits: side by side.
t.test('a client at a server that is not at its best', { jobs: 8 }, async (t) => {
  t.test('a refused token is replaced, also where a try has failed before', { buffered: true }, async (t) => {
    let made = 1
    const access = async ({ isRefused }: { isRefused: boolean }) => (isRefused ? `token ${++made}` : `token ${made}`)
    const tokens: string[] = []
    const { url } = await startServer(t, (socket, token, number) => {
      tokens.push(token)
      // As after a sleep: the network is not there yet, and by then the token has ended.
      if (number === 1) socket.terminate()
      else if (made < 2) socket.close(4401, 'token_expired')
      else welcome(socket)
    })
    const { realtime, closed, isReady } = startRealtime(t, url, access)
    const states: string[] = []
    realtime.addEventListener('state', (event) => void states.push((event as CustomEvent<{ state: string }>).detail.state))
    await isReady()
    t.same(states, ['waiting', 'connecting', 'connecting', 'ready'], 'at once, with another token')
    t.same(tokens, ['token 1', 'token 1', 'token 2'])
    t.same(closed, [1006, 4401])
  })

  t.test('a refresh that failed is made up for in the next try; tokens that are refused again and again are not fetched without end', { buffered: true }, async (t) => {
    let tries = 0
    const access = async ({ isRefused }: { isRefused: boolean }) => {
      if (isRefused && ++tries === 1) throw new TypeError('fetch failed')
      return `token ${tries}`
    }
    const { url, opened } = await startServer(t, (socket, _token, number) => (number < 3 ? socket.close(4401, 'unauthenticated') : welcome(socket)))
    const { realtime, closed, isReady } = startRealtime(t, url, access)
    const delays: number[] = []
    realtime.addEventListener('state', (event) => {
      const { delayMs } = (event as CustomEvent<{ delayMs?: number }>).detail
      if (delayMs !== undefined) delays.push(delayMs)
    })
    await isReady()
    t.same([closed, opened(), tries], [[4401, 4401], 3, 3])
    t.equal(delays.length, 2, 'after the refresh that failed, and after the second refusal')
    t.ok(delays.every((delayMs) => delayMs >= 500))
  })

  t.test('a try that comes to nothing is given up: a server that says nothing, a refresh that never ends', { buffered: true }, async (t) => {
    const { url, opened } = await startServer(t, (socket, _token, number) => {
      if (number > 1) welcome(socket)
    })
    const silent = startRealtime(t, url, undefined, { readyMs: 1000 })
    await silent.isReady()
    // A try that was given up before it reached the server is one more that came to nothing.
    t.ok(opened() > 1 && silent.closed.every((code) => code === 1006) && silent.closed.length >= opened() - 1, `${silent.closed.join()} of ${opened()}`)
    silent.realtime.cut()
    let asked = 0
    const stuck = startRealtime(t, url, () => (++asked === 1 ? new Promise(() => {}) : Promise.resolve('token')), { readyMs: 1000 })
    await stuck.isReady()
    t.ok(stuck.closed.length > 0 && stuck.closed.every((code) => code === 1006) && asked > 1)
  })

  t.test('a heartbeat without an answer ends a silent connection, not one that goes on talking', { buffered: true }, async (t) => {
    let beats = 0
    let talking: NodeJS.Timeout | undefined
    const { url, opened } = await startServer(t, (socket) => {
      tell(socket, { ...AUTHENTICATED, heartbeatSeconds: 1 }, READY)
      socket.on('message', () => beats++)
      if (opened() === 1) talking = setInterval(() => tell(socket, { type: 'presence:online', userId: 'other' }), 100)
    })
    t.teardown(() => clearInterval(talking))
    const { closed, isReady } = startRealtime(t, url, undefined, { answerMs: 6000 })
    await isReady()
    await eventually(() => beats > 1, 'another one is sent after the first had no answer')
    t.same([closed, opened()], [[], 1])
    clearInterval(talking)
    await eventually(() => opened() === 2, 'it comes back')
    t.same(closed, [1006])
  })

  t.test('what is told as delivered has everything below it, and what came before ready is told too', { buffered: true }, async (t) => {
    const { person, all, nth, tell: say } = await startPerson(t, (socket) => tell(socket, AUTHENTICATED, { type: 'message:received', ...message(1, 'early') }, READY))
    t.match(await nth('message:delivered', 1), { conversationId: 'c', seq: 1 })
    await nth('sync', 1)
    say(page(1, message(1, 'early')), { type: 'message:received', ...message(3, 'three') })
    // Receipts go out before a gap is asked about.
    t.match(await nth('sync', 2), { conversations: [{ id: 'c', afterSeq: 1, afterChange: 0 }] })
    t.same(all('message:delivered').map(({ seq }) => seq), [1], 'the second is missing: the third is not confirmed')
    person.markRead('c')
    say(page(3, message(2, 'two'), message(3, 'three')))
    t.match(await nth('message:delivered', 2), { seq: 3 })
    t.same(all('message:read').map(({ seq }) => seq), [1], 'nor was it read')
    person.realtime.cut()
    person.realtime.connect()
    t.match(await nth('message:delivered', 3), { seq: 3 }, 'once more on a new socket')
  })

  t.test('a sync that was refused is asked again, later each time, also where the refusal names no frame', { buffered: true }, async (t) => {
    const { person, nth, tell: say } = await startPerson(t, (socket) => tell(socket, AUTHENTICATED, READY, { type: 'message:received', ...message(1, 'one') }))
    const times: number[] = []
    for (const refusal of [{ type: 'error', code: 'too_many_frames', detail: '' }, { type: 'error', code: 'not_ready', detail: '', of: 'sync' }, page(1, message(1, 'one'))]) {
      await nth('sync', times.length + 1)
      times.push(performance.now())
      say(refusal)
    }
    await eventually(() => person.conversations.get('c')!.isWhole, 'it is whole')
    t.ok(times[1]! - times[0]! >= 450 && times[2]! - times[1]! >= 950, times.join())
  })
})

t.test('who comes back with more to say than a socket may send gets what was missed, and everything is stored once', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { framesBurst: 30, framesPerSecond: 15 } })
  const { customer, mitra, conversationId } = await pairUp(app)
  const clientOf = ({ token, refreshToken }: Who) => {
    const person = new Person({ url: app.url, saved: { tokens: { accessToken: token, refreshToken, expiresAtMs: Date.now() + 900_000 } } })
    t.teardown(() => person.realtime.cut())
    return person
  }
  const [one, other] = [clientOf(customer), clientOf(mitra)]
  for (const person of [one, other]) {
    await person.resume()
    await eventually(() => person.realtime.state === 'ready', 'it is ready')
  }
  other.say(conversationId, 'Halo')
  await eventually(() => one.conversations.get(conversationId)?.isWhole, 'both know the conversation')
  one.realtime.cut()
  other.say(conversationId, 'missed')
  await eventually(() => other.outbox.entries.length === 0, 'it is stored')
  const said = Array.from({ length: 90 }, (_, at) => one.say(conversationId, `said ${at}`).body)
  const refused: string[] = []
  one.addEventListener('refused', (event) => void refused.push((event as CustomEvent<{ code: string }>).detail.code))
  one.realtime.connect()
  await eventually(() => one.conversations.get(conversationId)?.list.some(({ body }) => body === 'missed'), 'what was missed is there')
  await eventually(() => one.outbox.entries.length === 0 && one.conversations.get(conversationId)?.isWhole, 'everything is acked', { timeoutMs: 60_000 })
  t.ok(refused.includes('too_many_frames'), 'the limit was reached')
  t.same(new Set((await messagesIn(app, conversationId)).map(({ body }) => body)), new Set(['Halo', 'missed', ...said]))
  t.equal((await messagesIn(app, conversationId)).length, 2 + said.length)
})
