import { connect, type Socket } from 'node:net'
import t from 'tap'
import { startTestApp } from '../testing/app.ts'
import { signIn } from '../testing/people.ts'
import { connect as connectSocket } from '../testing/socket.ts'
import { eventually } from '../testing/wait.ts'
import { changeSettings } from '../testing/settings.ts'
import { REALTIME_PATH } from './realtime/realtime.ts'

const HANDSHAKE = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }

t.test('connections', async (t) => {
  const app = await startTestApp(t, {
    simulators: false,
    mount: (_ctx, { publicApp }) => void publicApp.get('/api/v1/half', { config: { access: 'public', limit: 'none' } }, (_request, reply) => void reply.hijack().raw.write('half an answer')),
  })
  const [{ publicApp, ctx }] = app.replicas as [(typeof app.replicas)[number]]
  /** A client that never closes by itself, as one does whose end was lost. */
  const dial = () => {
    const socket = connect({ port: Number(new URL(app.url).port), host: '127.0.0.1', allowHalfOpen: true })
    const heard = { text: '', isEnded: false }
    socket.on('data', (data) => (heard.text += data.toString()))
    socket.on('end', () => (heard.isEnded = true)).on('error', () => (heard.isEnded = true))
    t.after(() => socket.destroy())
    return { socket, heard }
  }
  const ask = (socket: Socket, method: string, path: string, headers: Record<string, string> = {}) =>
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]))
  const noneIsLeft = (what: string) => eventually(() => new Promise<boolean>((resolve) => publicApp.server.getConnections((_error, count) => resolve(count === 0))), what)
  const countedStatuses = async () => {
    const { values } = await ctx.metrics.httpRequests.get()
    return values.filter(({ labels }) => labels['route'] === REALTIME_PATH).map(({ labels }) => Number(labels['status_code'])).toSorted((a, b) => a - b)
  }

  t.test('who asks for another protocol where there is none gets an ordinary answer on an ordinary connection', async (t) => {
    const asked: [string, string, Record<string, string>, number][] = [
      ['GET', '/health', HANDSHAKE, 200], ['GET', '/health', { ...HANDSHAKE, upgrade: 'h2c' }, 200], ['GET', '/api/v1/availability', HANDSHAKE, 200], ['GET', '/api/v1/nowhere', HANDSHAKE, 404],
      ['GET', REALTIME_PATH, { ...HANDSHAKE, upgrade: 'h2c' }, 404], ['POST', REALTIME_PATH, HANDSHAKE, 405],
    ]
    for (const [method, path, headers, status] of asked) {
      const { socket, heard } = dial()
      ask(socket, method, path, headers)
      await eventually(() => statuses(heard.text).length === 1, `${method} ${path} is answered`)
      ask(socket, 'GET', '/health')
      await eventually(() => statuses(heard.text).length === 2, 'and what follows on its connection')
      t.same(statuses(heard.text), [status, 200], `${method} ${path} (${headers['upgrade']})`)
      socket.end()
    }
    await noneIsLeft('nothing is left of them')
  })

  t.test('what is no HTTP is hung up on, and not in the middle of an answer', async (t) => {
    const rubbish = dial()
    rubbish.socket.write('NOT HTTP AT ALL\r\n\r\n')
    await eventually(() => rubbish.heard.isEnded, 'it is told')
    t.same(statuses(rubbish.heard.text), [400])
    const answered = dial()
    ask(answered.socket, 'GET', '/api/v1/half')
    await eventually(() => answered.heard.text.includes('half an answer'), 'an answer has begun')
    answered.socket.write('NOT HTTP AT ALL\r\n\r\n')
    await eventually(() => answered.heard.isEnded, 'it is cut')
    t.same(statuses(answered.heard.text), [200])
    await noneIsLeft('the server waits for neither to go')
  })

  t.test('an upgrade that is refused is answered, counted and hung up on', async (t) => {
    const refused = async (headers: Record<string, string>) => {
      const { socket, heard } = dial()
      ask(socket, 'GET', REALTIME_PATH, { ...HANDSHAKE, ...headers })
      await eventually(() => heard.isEnded, 'the server ends it')
      await noneIsLeft('and waits for nobody')
      t.match(heard.text, /\r\nconnection: close\r\n/i)
      return statuses(heard.text)
    }
    t.same(await refused({ origin: 'https://evil.example' }), [403])
    t.same(await refused({ 'sec-websocket-version': '7' }), [400], 'by the library')
    await changeSettings(app, { maintenance: true })
    t.same(await refused({}), [503], 'before any route')
    await changeSettings(app, { maintenance: false })
    const person = await signIn(app, { kind: 'customer' })
    await (await connectSocket(person)).close()
    t.same(await countedStatuses(), [403, 404, 503], 'one that becomes a socket is no response')
  })
})
