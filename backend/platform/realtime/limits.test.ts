import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { messagesIn, pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn } from '../../testing/people.ts'
import { changeSettings } from '../../testing/settings.ts'
import { connect, openSocket, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

const connectionOf = (app: TestApp, userId: string) => app.replicas[0]!.realtime.hub.socketsOf(userId)[0]!

/** Opens a socket by hand, writes bytes that no client library would, and answers the code of the server's close frame. */
async function closeCodeFor(url: string, token: string, bytes: Buffer): Promise<number> {
  const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64'), authorization: `Bearer ${token}` }
  const upgrade = request(`${url}/api/v1/realtime`, { headers }).end()
  const [, socket, head] = await once(upgrade, 'upgrade') as [unknown, Socket, Buffer]
  const received = [head]
  socket.on('data', (data: Buffer) => received.push(data))
  socket.write(bytes)
  await once(socket, 'end')
  socket.destroy()
  const all = Buffer.concat(received)
  return all.readUInt16BE(all.indexOf(0x88) + 2)
}

t.test('frames', async (t) => {
  const app = await startTestApp(t, { replicas: 1, simulators: false })

  t.test('what is malformed is answered and ends nothing', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    const socket = await connect(customer)
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
    const malformed = ['', 'x', 'null', '[]', '{}', '1', '"text"', '{"type":5}', '{"type":null}', '{"type":["message:send"]}', '{"type":"message:send"', deep, '\u0000', '{"type":{"toString":1}}']
    for (const text of malformed) {
      socket.send(text)
      t.match(await socket.next('error'), { code: 'frame_invalid' }, text.slice(0, 30))
    }
    socket.raw.send(Buffer.from(JSON.stringify({ type: 'heartbeat' })), { binary: true })
    t.match(await socket.next('error'), { code: 'frame_invalid' }, 'binary')
    for (const type of ['room:join', 'constructor', '__proto__', 'toString', '', 'x'.repeat(1000)]) {
      socket.send({ type, conversationId, seq: 1, body: 'x' })
      t.match(await socket.next('error'), { code: 'unknown_type', of: type.slice(0, 64) }, type.slice(0, 20))
    }
    const invalid: Record<string, unknown>[] = [
      { type: 'heartbeat', more: 1 }, { type: 'message:read', conversationId }, { type: 'message:read', conversationId, seq: 1.5 }, { type: 'message:read', conversationId, seq: '1' },
      { type: 'message:read', conversationId, seq: 1e300 }, { type: 'typing:start' }, { type: 'typing:start', conversationId: 'x' }, { type: 'sync' }, { type: 'authenticate', token: 5 },
      { type: 'message:send', clientId: { $ne: 1 }, conversationId, body: 'x' },
    ]
    for (const frame of invalid) {
      socket.send(frame)
      t.match(await socket.next('error'), { code: 'frame_invalid', detail: String, of: frame['type'] }, JSON.stringify(frame).slice(0, 60))
    }
    socket.send('{"type":"heartbeat","__proto__":{"a":1}}')
    t.match(await socket.next('error'), { code: 'frame_invalid' })
    socket.send(sendOf(conversationId, 'still here'))
    t.equal((await socket.next('message:ack'))['seq'], 1)
    await socket.close()
  })

  t.test('64 KiB pass, a byte more is closed 4413, and what broke the protocol too', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const fitting = await connect(person)
    const frame = (length: number) => `{"type":"x","pad":"${'y'.repeat(length - 21)}"}`
    fitting.send(frame(65_536))
    t.match(await fitting.next('error'), { code: 'unknown_type' })
    fitting.send(frame(65_537))
    t.equal((await fitting.closed).code, 4413)
    t.equal(await closeCodeFor(app.url, person.token, Buffer.from([0xff, 0xff])), 1002, 'reserved bits')
    t.equal(await closeCodeFor(app.url, person.token, Buffer.from([0x81, 0x01, 0x41])), 1002, 'a client’s frame without a mask')
    const cut = await connect(person)
    cut.terminate()
    await eventually(() => app.replicas[0]!.realtime.hub.socketsOf(person.id).length === 0, 'all are forgotten')
  })

  t.test('heartbeat: the time and where everything open stands', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    await pairUp(app)
    const socket = await connect(customer)
    socket.send(sendOf(conversationId, 'x'))
    await socket.next('message:ack')
    const before = await app.clock.now()
    socket.send({ type: 'heartbeat' })
    const beat = await socket.next('heartbeat')
    t.match(beat, { serverTime: String, conversations: [{ id: conversationId, headSeq: 1, headChange: 0 }], sessions: [], offers: [] })
    t.equal(beat['conversations'].length, 1)
    const [from, at, until] = [before, new Date(beat['serverTime']), await app.clock.now()].map((time) => time.getTime()) as [number, number, number]
    t.ok(at >= from - 1000 && at <= until + 1000, `${from} ${at} ${until}`)
    await socket.close()
  })
})

t.test('too many frames', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { framesBurst: 20, framesPerSecond: 2, framesOverSeconds: 2 } })

  t.test('beyond the burst a frame is refused; the socket lives, and may send again later', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    const socket = await connect(customer)
    // So many that the bucket is not filled again while a busy machine reads them.
    for (let n = 0; n < 60; n++) socket.send(sendOf(conversationId, `m${n}`))
    t.match(await socket.next('error'), { code: 'too_many_frames' })
    await eventually(() => socket.all('message:ack').length + socket.all('error').length >= 60, 'every frame is answered')
    const stored = await messagesIn(app, conversationId)
    t.equal(stored.length, socket.all('message:ack').length)
    t.ok(stored.length >= 20 && stored.length < 60, `${stored.length} stored`)
    await eventually(async () => {
      socket.send(sendOf(conversationId, 'later'))
      return socket.next('message:ack', { withinMs: 300 }).catch(() => undefined)
    }, 'the bucket fills again')
    await socket.close()
  })

  t.test('a person’s sockets share twice the rate', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const sockets = await Promise.all([1, 2, 3, 4].map(() => connect(person)))
    for (let n = 0; n < 30; n++) for (const socket of sockets) socket.send({ type: 'nothing' })
    await eventually(() => sockets.every((socket) => socket.all('error').length === 30), 'all are answered')
    const passed = sockets.flatMap((socket) => socket.all('error')).filter((frame) => frame['code'] === 'unknown_type').length
    t.ok(passed >= 40 && passed < 80, `${passed} of 120 passed, four times twenty did not`)
    await Promise.all(sockets.map((socket) => socket.close()))
  })

  t.test('over the limit for long: 4429', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const socket = await connect(person)
    const flood = setInterval(() => socket.isOpen() && socket.send({ type: 'nothing' }), 10)
    t.teardown(() => clearInterval(flood))
    t.equal((await socket.closed).code, 4429)
  })
})

t.test('readers', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { pingSeconds: 30, closeSeconds: 60 } })
  const { ctx } = app.replicas[0]!
  const frame = (n: number) => ({ type: 'test:event', n, pad: 'z'.repeat(16_000) })

  t.test('a stopped client holds at most 1 MiB and is sent away 1013; others get everything', async (t) => {
    const [slow, quick] = await Promise.all([signIn(app, { kind: 'customer' }), signIn(app, { kind: 'customer' })])
    const [stopped, reading] = await Promise.all([connect(slow), connect(quick)])
    const connection = connectionOf(app, slow.id)
    stopped.pause()
    let most = 0
    for (let n = 0; n < 1500; n++) {
      ctx.publish([slow.id, quick.id], frame(n))
      most = Math.max(most, connection.bufferedBytes)
      // It reads again as soon as it was sent away: what lay in the kernel, and then the close.
      if (app.replicas[0]!.realtime.hub.socketsOf(slow.id).length === 0) stopped.resume()
      // One who reads keeps up: this process reads and writes in turn.
      while (connectionOf(app, quick.id).bufferedBytes > 200_000) await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => reading.all('test:event').length === 1500, 'the other has all of them')
    t.ok(most <= 1024 * 1024 + 4096, `${most} bytes waited`)
    t.equal(app.replicas[0]!.realtime.hub.socketsOf(slow.id).length, 0, 'forgotten at once')
    t.equal((await stopped.closed).code, 1013)
    await reading.close()
  })

  t.test('stopped clients that never answer the close are cut, their buffers freed, and nobody else notices', async (t) => {
    await changeSettings(app, { closeSeconds: 6 })
    const stopped = await Promise.all(Array.from({ length: 5 }, () => signIn(app, { kind: 'customer' })))
    const quick = await signIn(app, { kind: 'customer' })
    const [reading, sockets] = await Promise.all([connect(quick), Promise.all(stopped.map((person) => connect(person)))])
    const connections = stopped.map((person) => connectionOf(app, person.id))
    for (const socket of sockets) socket.pause()
    const userIds = [quick, ...stopped].map((person) => person.id)
    const everyone = () => connections.every((connection) => !connection.isOpen)
    let most = 0
    let sent = 0
    while (!everyone() && sent < 3000) {
      ctx.publish(userIds, frame(sent++))
      most = Math.max(most, ...connections.map((connection) => connection.bufferedBytes))
      while (connectionOf(app, quick.id).bufferedBytes > 200_000) await new Promise((resolve) => setImmediate(resolve))
    }
    t.ok(everyone(), `after ${sent} events all are sent away`)
    t.ok(most <= 1024 * 1024 + 4096, `${most} bytes waited`)
    await eventually(() => connections.every((connection) => connection.isGone && connection.bufferedBytes === 0), 'their buffers are free')
    await eventually(() => reading.all('test:event').length === sent, 'the other has all of them')
    await reading.close()
    for (const socket of sockets) socket.terminate()
  })

  t.test('droppable events are skipped first, and nothing else is', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const socket = await connect(person)
    const connection = connectionOf(app, person.id)
    socket.pause()
    let sent = 0
    while (connection.bufferedBytes < 300_000) ctx.publish([person.id], frame(sent++))
    for (let n = 0; n < 500; n++) ctx.publish([person.id], { type: 'typing:start', n, pad: 'z'.repeat(4000) }, { droppable: true })
    ctx.publish([person.id], frame(sent++))
    t.ok(socket.isOpen())
    socket.resume()
    await eventually(() => socket.all('test:event').length === sent, 'all durable events arrive')
    t.equal(socket.all('typing:start').length, 0)
    await socket.close()
  })
})

t.test('coming and going', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false })

  t.test('drain: what was sent is acked, everybody is closed 1012 in batches, nobody comes in', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const sockets: TestSocket[] = await Promise.all(Array.from({ length: 20 }, () => connect(customer)))
    const lock = await app.replicas[1]!.ctx.pool.connect()
    await lock.query('begin')
    await lock.query('select from conversations where id = $1 for update', [conversationId])
    const sends = sockets.map((socket) => {
      const send = sendOf(conversationId, randomUUID())
      socket.send(send)
      return send
    })
    await eventually(() => app.replicas[0]!.realtime.hub.socketsOf(customer.id).every((connection) => connection.working > 0), 'sends are under way')
    const closedAt: number[] = []
    for (const socket of sockets) void socket.closed.then(() => closedAt.push(performance.now()))
    const drained = app.replicas[0]!.realtime.drain(3)
    await lock.query('commit')
    lock.release()
    await drained
    const closed = await Promise.all(sockets.map((socket) => socket.closed))
    t.same(closed.map(({ code }) => code), Array(20).fill(1012))
    t.ok(new Set(closed.map(({ reason }) => /reconnectAfterMs=(\d+)$/.exec(reason)?.[1])).size > 5, 'each is told another time to come back at')
    t.ok(closedAt.at(-1)! - closedAt[0]! > 300, 'not all at once')
    const stored = new Set((await messagesIn(app, conversationId)).map((row) => row.client_id))
    const acked = sockets.flatMap((socket) => socket.all('message:ack')).map((frame) => frame['clientId'])
    t.same(acked.filter((clientId) => !stored.has(clientId)), [], 'an ack is a row')
    t.same(sends.filter((send) => stored.has(send.clientId) && !acked.includes(send.clientId)), [], 'and what was stored was acked before the close')
    await t.rejects(openSocket(app.url, { token: customer.token }), /503/)
    const there = await connect(mitra)
    t.ok(there.isOpen(), 'the other replica serves')
    await there.close()
  })
})
