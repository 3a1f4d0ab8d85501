import fc from 'fast-check'
import t from 'tap'
import { WebSocket } from 'ws'
import { coalesce } from '../coalesce.ts'
import type { AppError } from '../errors.ts'
import { createMetrics } from '../metrics.ts'
import { createSettings, type SettingValues } from '../settings.ts'
import { testEnv } from '../../testing/env.ts'
import { eventually } from '../../testing/wait.ts'
import { fullBucket, takeFrame } from './bucket.ts'
import { Connection, RealtimeSocket } from './connection.ts'
import { createEntrance } from './entrance.ts'
import { decodeEnvelopes, encodeEnvelopes } from './envelope.ts'
import { begin, reached, take, type Marks } from './marks.ts'
import { createPersonBuckets } from './person-buckets.ts'
import { createCircleBook } from './presence-circles.ts'
import { bestOf, PRESENCE_STATES } from './presence-states.ts'
import { reconnectAfterMs } from './reconnect.ts'
import { createWheel } from './wheel.ts'

t.test('a socket gets every place of a stream once, in whatever order and however often it is offered', async (t) => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 30 })), fc.option(fc.nat(10)), (offered, start) => {
    const marks: Marks = new Map()
    if (start !== null) begin(marks, 's', start)
    const taken = offered.filter((seq) => take(marks, 's', seq))
    return new Set(taken).size === taken.length && taken.every((seq) => start === null || seq > start) &&
      offered.every((seq) => taken.includes(seq) || (start !== null && seq <= start))
  }))
  t.end()
})

t.test('what a socket has reached is where its first hole is', async (t) => {
  fc.assert(fc.property(fc.nat(5), fc.uniqueArray(fc.integer({ min: 1, max: 20 })), fc.nat(20), (start, offered, later) => {
    const marks: Marks = new Map()
    begin(marks, 's', start)
    for (const seq of offered) take(marks, 's', seq)
    begin(marks, 's', later)
    let expected = Math.max(start, 0)
    const has = (seq: number) => seq <= start || seq <= later || offered.includes(seq)
    while (has(expected + 1)) expected++
    return reached(marks, 's') === expected
  }))
  const marks: Marks = new Map()
  t.equal(reached(marks, 's'), undefined)
  take(marks, 's', 7)
  t.equal(reached(marks, 's'), undefined, 'a stream that began unseen has no known start')
  begin(marks, 's', 6)
  t.equal(reached(marks, 's'), 7)
  t.equal(take(marks, 's', 7), false)
})

t.test('an envelope comes out as it went in, on every replica but its own', async (t) => {
  const word = fc.stringMatching(/^[A-Za-z0-9:-]{1,20}$/)
  const envelope = fc.record({
    userIds: fc.array(word, { minLength: 1 }), text: fc.anything().map((value) => JSON.stringify({ type: 'x', value })),
    options: fc.record({ droppable: fc.constant(true), key: word, position: fc.record({ stream: word, seq: fc.nat() }) }, { requiredKeys: [] }),
  })
  fc.assert(fc.property(fc.array(envelope), (envelopes) => {
    const message = encodeEnvelopes('here', envelopes)
    t.same(decodeEnvelopes('there', message), envelopes)
    t.equal(decodeEnvelopes('here', message), undefined)
  }), { numRuns: 50 })
  t.same(decodeEnvelopes('here', ''), [])
  for (const garbage of ['x\ny', 'x\nno header\n{}', '\n\n']) t.equal(decodeEnvelopes('here', garbage), undefined, JSON.stringify(garbage))
})

t.test('a bucket gives its burst at once and then its rate', async (t) => {
  const bucket = fullBucket(10, 0)
  const takeAll = (nowMs: number) => {
    let taken = 0
    while (takeFrame(bucket, 10, 5, nowMs)) taken++
    return taken
  }
  t.equal(takeAll(0), 10)
  t.equal(takeAll(1000), 5)
  t.equal(takeAll(1100), 0)
  t.equal(takeAll(60_000), 10, 'never more than the burst')
})

t.test('what a person may send is not renewed by coming back, and is not kept for longer than that matters', async (t) => {
  const buckets = createPersonBuckets({ settings: createSettings({ framesBurst: 10, framesPerSecond: 5 }) })
  const rested = buckets.take('a', 0)
  for (let n = 0; n < 18; n++) takeFrame(rested, 20, 10, 0)
  buckets.rest('a', rested, 100)
  const again = buckets.take('a', 200)
  const socket = fullBucket(10, 200)
  buckets.share(again, socket, 200)
  t.match([again.left, socket.left], [4, 4], '2 were left, and 2 came back')
  buckets.rest('a', again, 200)
  buckets.rest('full', buckets.take('full', 200), 200)
  t.equal(buckets.resting(), 1, 'a full one needs no keeping')
  buckets.take('b', 2300)
  t.equal(buckets.resting(), 0, 'full by now')
})

t.test('silent is who neither spoke nor took anything since the last ping', async (t) => {
  // ws makes a socket of nothing for its own server; how much waits is what a kernel would say.
  let bytes = 0
  const socket = Object.defineProperty(new RealtimeSocket(null as never, undefined, {}), 'bufferedAmount', { get: () => bytes })
  Object.defineProperty(socket, 'readyState', { value: WebSocket.OPEN })
  let taken = () => {}
  socket.ping = () => {}
  socket.send = (_data: unknown, _options: unknown, done?: () => void) => void (taken = done!)
  const connection = new Connection(socket, 1, { slow: () => {} })
  const afterPing = (before: number, after: number, options: { isHeard?: boolean } = {}) => {
    bytes = before
    connection.heardAtMs = 1000
    connection.ping(2000)
    bytes = after
    if (options.isHeard) connection.heardAtMs = 2001
    return connection.isSilent
  }
  t.equal(connection.isSilent, false, 'never pinged')
  t.equal(afterPing(0, 0), true)
  t.equal(afterPing(50_000, 50_000), true)
  t.equal(afterPing(50_000, 60_000), true)
  t.equal(afterPing(50_000, 40_000), false, 'it takes what it is sent, and will come to the ping')
  t.equal(afterPing(50_000, 50_000, { isHeard: true }), false)
  for (const waits of [true, false]) {
    t.equal(afterPing(50_000, 50_000), true)
    bytes = waits ? 50_000 : 0
    connection.pingedAtMs = performance.now()
    const page = connection.sendPage('page')
    bytes = 50_000
    taken()
    await page
    t.equal(connection.isSilent, !waits, 'a page that had to wait for room was let through by a reader')
  }
})

t.test('a wheel calls what falls due, once, and nothing that was removed', async (t) => {
  const called: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const wheel = createWheel<{ name: string; slot: number }>((entry) => {
    called.push(entry.name)
    if (entry.name === 'late') resolve()
  })
  const entry = (name: string) => ({ name, slot: -1 })
  const [soon, late, moved, removed] = ['soon', 'late', 'moved', 'removed'].map(entry) as [ReturnType<typeof entry>, ReturnType<typeof entry>, ReturnType<typeof entry>, ReturnType<typeof entry>]
  wheel.add(soon, 10)
  wheel.add(late, 1200)
  wheel.add(moved, 10)
  wheel.add(moved, 600)
  wheel.add(removed, 300)
  wheel.remove(removed)
  const alive = setInterval(() => {}, 1000)
  await promise
  clearInterval(alive)
  wheel.stop()
  t.same(called, ['soon', 'moved', 'late'])
})

t.test('after a stall, what is added again as it falls due comes in its own time', async (t) => {
  let calls = 0
  const wheel = createWheel<{ slot: number }>((entry) => {
    calls++
    wheel.add(entry, 250)
  })
  t.after(() => wheel.stop())
  wheel.add({ slot: -1 }, 250)
  const until = performance.now() + 1600
  while (performance.now() < until);
  await eventually(() => calls >= 3, 'not only once the wheel has gone round')
})

t.test('what is asked in one turn, and what piles up meanwhile, runs together', async (t) => {
  const runs: number[][] = []
  const double = coalesce<number, number>({
    lanes: 1, most: 4,
    async run(items) {
      runs.push(items)
      await new Promise((resolve) => setImmediate(resolve))
      if (items.includes(13)) throw new Error('thirteen')
      return items.map((item) => item * 2)
    },
  })
  const first = [1, 2, 3].map(double)
  await new Promise((resolve) => setImmediate(resolve))
  const second = [4, 5, 6, 7, 8].map(double)
  t.same(await Promise.all([...first, ...second]), [2, 4, 6, 8, 10, 12, 14, 16])
  t.same(runs, [[1, 2, 3], [4, 5, 6, 7], [8]])
  await t.rejects(Promise.all([double(13), double(1)]), /thirteen/)
  t.equal(await double(21), 42, 'a failure ends nothing')
  await double.settled()
})

t.test('how many come in: by address, by having said who they are, and all together', async (t) => {
  let waiting = 0
  const entranceWith = (values: Partial<SettingValues>) => createEntrance({
    env: { ...testEnv({ DATABASE_URL: 'postgres://127.0.0.1/none', VALKEY_URL: 'redis://127.0.0.1' }), APP_ENV: 'production' }, settings: createSettings(values), metrics: createMetrics({ processMetrics: false }),
  }, () => waiting)
  // ws makes a socket of nothing for its own server.
  const enter = (entrance: ReturnType<typeof entranceWith>, ip: string) => {
    const connection = new Connection(new RealtimeSocket(null as never, undefined, {}), 1, { slow: () => {} })
    entrance.enter(connection, ip)
    return connection
  }
  const perIp = entranceWith({ socketsPerIp: 3, strangersPerIp: 2 })
  const [first, second] = [enter(perIp, '10.0.0.1'), enter(perIp, '10.0.0.1')]
  t.throws(() => perIp.check('10.0.0.1', false), { code: 'rate_limited' }, 'strangers of one address')
  t.throws(() => perIp.check('::ffff:10.0.0.1', false), { code: 'rate_limited' }, 'in any spelling')
  perIp.check('10.0.0.1', true)
  perIp.check('10.0.0.2', false)
  perIp.recognise(first)
  perIp.recognise(first)
  perIp.check('10.0.0.1', false)
  enter(perIp, '10.0.0.1')
  t.throws(() => perIp.check('10.0.0.1', true), { code: 'rate_limited' }, 'sockets of one address')
  perIp.leave(second)
  perIp.leave(second)
  perIp.check('10.0.0.1', true)
  const inAll = entranceWith({ strangersMax: 2 })
  const strangers = ['10.0.0.1', '2001:db8::1'].map((ip) => enter(inAll, ip))
  t.throws(() => inAll.check('10.0.0.9', false), { code: 'not_ready' }, 'strangers in all')
  inAll.check('10.0.0.9', true)
  for (const stranger of strangers) inAll.leave(stranger)
  inAll.check('10.0.0.9', false)
  t.same([...inAll.strangers()], [])
  const behind = entranceWith({ readyWaitingMax: 3 })
  waiting = 2
  behind.check('10.0.0.1', true)
  waiting = 3
  const retries = Array.from({ length: 50 }, () => {
    try {
      behind.check('10.0.0.1', true)
      return undefined
    } catch (error) {
      t.match(error, { code: 'not_ready' })
      return (error as AppError).retryAfterSeconds
    }
  })
  t.ok(retries.every((seconds) => seconds! >= 1 && seconds! <= 5) && new Set(retries).size > 10, 'each is told another time')
})

t.test('of several devices the best presence counts, in whatever order', async () => {
  const state = fc.option(fc.constantFrom(...PRESENCE_STATES), { nil: undefined })
  fc.assert(fc.property(state, state, state, (a, b, c) => bestOf(a, b) === bestOf(b, a) && bestOf(bestOf(a, b), c) === bestOf(a, bestOf(b, c)) && (a === undefined || bestOf(a, 'online') === 'online')))
})

t.test('peers are the members of open circles in which somebody is here', async () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const circle = fc.record({ id: fc.constantFrom('1', '2', '3'), untilMs: fc.constantFrom(5, 50, 500) })
  fc.assert(fc.property(fc.array(circle), fc.uniqueArray(id), fc.constantFrom(1, 10, 100), (circles, here, nowMs) => {
    const members: Record<string, readonly string[]> = { '1': ['a', 'b'], '2': ['b', 'c', 'd'], '3': ['e', 'a'] }
    const book = createCircleBook((userId) => (here as string[]).includes(userId))
    for (const one of circles) book.put({ ...one, memberIds: members[one.id]! }, 0)
    book.tidy(nowMs)
    const last = new Map(circles.map((one) => [one.id, one]))
    const open = [...last.values()].filter((one) => one.untilMs > nowMs && members[one.id]!.some((userId) => (here as string[]).includes(userId)))
    return ['a', 'b', 'c', 'd', 'e'].every((userId) => {
      const expected = new Set(open.flatMap((one) => (members[one.id]!.includes(userId) ? members[one.id]! : [])).filter((other) => other !== userId))
      const peers = book.peersOf(userId, nowMs)
      return peers.size === expected.size && [...peers].every((peer) => expected.has(peer)) && book.has(userId) === expected.size > 0
    })
  }))
})

t.test('the more were here, the longer they take to come back', async (t) => {
  const most = (sockets: number) => Math.max(...Array.from({ length: 500 }, () => reconnectAfterMs(sockets)))
  t.ok(most(0) <= 1000 && most(3000) <= 6000 && most(3000) > 3000 && most(1_000_000) <= 30_000)
})
