import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createFaultProxy, startFaultProxy } from './fault-proxy.ts'
import { createRandom } from './random.ts'
import { errorCode } from './servers/processes.ts'
import { eventually } from './wait.ts'

/** A server that sends everything back, and what it saw of each connection. */
async function startEcho(t: Test) {
  const sockets: { socket: Socket; received: Buffer[]; end: string | undefined }[] = []
  const server = createServer((socket) => {
    const seen: (typeof sockets)[number] = { socket, received: [], end: undefined }
    sockets.push(seen)
    socket.on('data', (data) => {
      seen.received.push(data)
      socket.write(data)
    })
    socket.on('end', () => (seen.end ??= 'FIN'))
    socket.on('error', (error) => (seen.end = errorCode(error)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const { socket } of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { port, sockets, received: (index: number) => Buffer.concat(sockets[index]?.received ?? []).toString() }
}

function dial(t: Test, port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let text = ''
  let end: string | undefined
  socket.on('data', (data) => (text += data.toString()))
  socket.on('end', () => (end ??= 'FIN'))
  socket.on('error', (error) => (end = errorCode(error)))
  t.after(() => socket.destroy())
  return { socket, text: () => text, end: () => end, write: (data: string) => socket.write(data), whenText: (wanted: string) => eventually(() => text === wanted, `${wanted.length} bytes come back`) }
}

/** Whether it is quiet for so long: what a blackhole means can't be awaited. A process that stood still meanwhile has read what lay there. */
async function quietly(ms = 60): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

t.test('it carries both ways, and the end as well', async (t) => {
  const echo = await startEcho(t)
  const proxy = await startFaultProxy(t, echo.port)
  const client = dial(t, proxy.port)
  const large = 'x'.repeat(3_000_000)
  client.write(large)
  await client.whenText(large)
  client.socket.end()
  await eventually(() => echo.sockets[0]!.end === 'FIN' && client.end() === 'FIN', 'both hear of the end')
  await eventually(() => proxy.connections() === 0, 'and it is forgotten')
  t.equal(echo.received(0), large)

  const other = dial(t, proxy.port)
  other.write('a')
  await other.whenText('a')
  other.socket.resetAndDestroy()
  await eventually(() => echo.sockets[1]!.end === 'ECONNRESET', 'a reset arrives as a reset')
})

t.test('a blackhole accepts, passes nothing and tells nobody; what lost something is reset afterwards', async (t) => {
  const echo = await startEcho(t)
  const proxy = await startFaultProxy(t, echo.port)
  const [talking, leaving, idle] = [dial(t, proxy.port), dial(t, proxy.port), dial(t, proxy.port)]
  for (const client of [talking, leaving, idle]) {
    client.write('a')
    await client.whenText('a')
  }
  proxy.blackhole()
  const late = dial(t, proxy.port)
  await once(late.socket, 'connect')
  talking.write('lost')
  late.write('lost')
  leaving.socket.destroy()
  await quietly()
  t.same(echo.sockets.map((seen) => [Buffer.concat(seen.received).toString(), seen.end]), [['a', undefined], ['a', undefined], ['a', undefined]], 'the server hears nothing, of new connections either')
  t.equal(talking.end(), undefined)
  proxy.open()
  await eventually(() => talking.end() === 'ECONNRESET' && late.end() === 'ECONNRESET', 'who lost something is told now')
  await eventually(() => echo.sockets[1]!.end === 'ECONNRESET', 'the server hears of the one that left')
  idle.write('b')
  await idle.whenText('ab')
  const fresh = dial(t, proxy.port)
  fresh.write('c')
  await fresh.whenText('c')
})

t.test('one direction, and a short blackhole that loses nothing', async (t) => {
  const echo = await startEcho(t)
  const proxy = await startFaultProxy(t, echo.port)
  const client = dial(t, proxy.port)
  proxy.blackhole({ holds: true })
  client.write('a')
  await quietly()
  t.equal(echo.received(0), '')
  proxy.open()
  await client.whenText('a')
  proxy.blackhole({ direction: 'toClient', holds: true })
  client.write('b')
  await eventually(() => echo.received(0) === 'ab', 'the server still hears')
  await quietly()
  t.equal(client.text(), 'a')
  proxy.open()
  await client.whenText('ab')
})

t.test('what holds takes as much as a window, then the sender waits', async (t) => {
  const echo = await startEcho(t)
  const proxy = await startFaultProxy(t, echo.port)
  const client = dial(t, proxy.port)
  client.write('a')
  await client.whenText('a')
  proxy.blackhole({ direction: 'toServer', holds: true })
  const [piece, count] = ['b'.repeat(64 * 1024), 512]
  let taken = 0
  const writing = (async () => {
    for (let n = 0; n < count; n++) {
      await new Promise((resolve) => client.socket.write(piece, resolve))
      taken++
    }
  })()
  await eventually(async () => {
    const before = taken
    await quietly()
    return taken > 0 && taken === before
  }, 'nothing moves any more')
  t.ok(taken < count / 2, `${taken} of ${count} pieces`)
  proxy.open()
  await writing
  await eventually(() => echo.received(0).length === 1 + count * piece.length, 'all of it comes')
})

t.test('half-open: who is connected is dead for good, whoever comes is not', async (t) => {
  const echo = await startEcho(t)
  const proxy = await startFaultProxy(t, echo.port)
  const old = dial(t, proxy.port)
  old.write('a')
  await old.whenText('a')
  proxy.halfOpen()
  old.write('b')
  const fresh = dial(t, proxy.port)
  fresh.write('c')
  await fresh.whenText('c')
  old.socket.end()
  await quietly()
  t.equal(echo.received(0), 'a')
  t.equal(echo.sockets[0]!.end, undefined, 'no FIN')
  t.equal(old.end(), undefined, 'and none back')
})

t.test('a real reset after so many bytes, of everybody, and refused connections', async (t) => {
  const echo = await startEcho(t)
  const proxy = await startFaultProxy(t, echo.port)
  proxy.resetAfter(10, 'toClient')
  const client = dial(t, proxy.port)
  client.write('0123456789')
  await client.whenText('0123456789')
  client.write('more')
  await eventually(() => client.end() === 'ECONNRESET' && echo.sockets[0]!.end === 'ECONNRESET', 'both are reset')
  t.equal(client.text(), '0123456789', 'what came before it has arrived')

  proxy.open()
  const [kept, cut] = [dial(t, proxy.port), dial(t, proxy.port)]
  for (const one of [kept, cut]) one.write('a')
  await Promise.all([kept.whenText('a'), cut.whenText('a')])
  proxy.refuse()
  const refused = dial(t, proxy.port)
  await eventually(() => refused.end() === 'ECONNREFUSED', 'by the system')
  kept.write('b')
  await kept.whenText('ab')
  proxy.cut()
  await eventually(() => kept.end() === 'ECONNRESET' && cut.end() === 'ECONNRESET', 'all are reset')
  proxy.open()
  const again = await eventually(async () => {
    const next = dial(t, proxy.port)
    await once(next.socket, 'connect').catch(() => undefined)
    return next.socket.readyState === 'open' ? next : undefined
  }, 'the same port listens again')
  again.write('c')
  await again.whenText('c')
})

t.test('latency, jitter and rate hold back and keep the order; the seed repeats the jitter', async (t) => {
  const echo = await startEcho(t)
  const proxy = await startFaultProxy(t, echo.port, { seed: 7 })
  const client = dial(t, proxy.port)
  client.write('.')
  await client.whenText('.')
  proxy.shape({ latencyMs: 30, jitterMs: 40 })
  const startedAt = performance.now()
  const text = Array.from({ length: 20 }, (_, index) => String.fromCharCode(97 + index))
  for (const letter of text) {
    client.write(letter)
    await quietly(2)
  }
  await client.whenText(`.${text.join('')}`)
  t.ok(performance.now() - startedAt >= 60, 'two ways at least')
  proxy.shape({ bytesPerSecond: 100_000 }, 'toServer')
  proxy.shape({}, 'toClient')
  const slowAt = performance.now()
  client.write('y'.repeat(20_000))
  await eventually(() => client.text().length === 20_021, 'it arrives')
  t.ok(performance.now() - slowAt >= 190, `20 kB at 100 kB/s (${Math.round(performance.now() - slowAt)} ms)`)

  const [a, b, c] = [createRandom(7), createRandom(7), createRandom(8)]
  const draw = (random: typeof a) => Array.from({ length: 50 }, () => random.next())
  const drawn = draw(a)
  t.same(draw(b), drawn)
  t.notSame(draw(c), drawn)
  t.ok(drawn.every((value) => value >= 0 && value < 1))
})

t.test('a server that is not there, and a proxy that ends', async (t) => {
  const told: string[] = []
  const proxy = await createFaultProxy(1, { seed: 3, tell: (line) => told.push(line) })
  const client = dial(t, proxy.port)
  await eventually(() => client.end() === 'ECONNRESET', 'told at once')
  proxy.shape({ jitterMs: 1 })
  t.same(told, ['fault proxy: SEED=3'], 'a seed that decides something is printed')
  proxy.stop()
  const late = dial(t, proxy.port)
  await eventually(() => late.end() === 'ECONNREFUSED', 'nobody listens')
})
