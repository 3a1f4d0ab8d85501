import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { pairUp, sendOf } from '../../testing/conversations.ts'
import { connect, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'
import { changeSettings } from '../../testing/settings.ts'

const typesOf = (socket: TestSocket) => socket.frames.map((frame) => frame.type).filter((type) => type.startsWith('typing:') || type.startsWith('message:'))

t.test('typing', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { typingSeconds: 1 }, valkeyPatienceMs: 30_000 })
  const start = async () => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    return { a, b, conversationId, customer }
  }

  t.test('is told once for many starts, and ends by itself after the last', async (t) => {
    const { a, b, conversationId, customer } = await start()
    for (let n = 0; n < 20; n++) a.send({ type: 'typing:start', conversationId })
    t.same(await b.next('typing:start'), { type: 'typing:start', conversationId, userId: customer.id })
    t.same(await b.next('typing:stop'), { type: 'typing:stop', conversationId, userId: customer.id })
    t.same(typesOf(b), ['typing:start', 'typing:stop'])
    await Promise.all([a.close(), b.close()])
  })

  t.test('ends with the message, and with the device', async (t) => {
    // Here it does not end by itself, however long the message takes.
    await changeSettings(app, { typingSeconds: 60 })
    t.teardown(() => changeSettings(app, { typingSeconds: 1 }))
    const { a, b, conversationId } = await start()
    a.send({ type: 'typing:start', conversationId })
    a.send(sendOf(conversationId, 'hi'))
    await Promise.all([b.next('message:received'), b.next('typing:stop')])
    t.same(typesOf(b), ['typing:start', 'message:received', 'typing:stop'])
    const other = await start()
    other.a.send({ type: 'typing:start', conversationId: other.conversationId })
    await other.b.next('typing:start')
    other.a.terminate()
    await other.b.next('typing:stop')
    await Promise.all([a.close(), b.close(), other.b.close()])
  })

  t.test('starts and stops in turn are not told faster than the starts', async (t) => {
    const { a, b, conversationId } = await start()
    for (let n = 0; n < 50; n++) for (const type of ['typing:start', 'typing:stop']) a.send({ type, conversationId })
    a.send(sendOf(conversationId, 'the end'))
    await b.next('message:received')
    const types = typesOf(b)
    t.ok(types.filter((type) => type === 'typing:start').length <= 3, types.join(' '))
    await eventually(() => b.all('typing:start').length === b.all('typing:stop').length, 'all that was started was ended')
    await eventually(() => {
      a.send({ type: 'typing:start', conversationId })
      return b.next('typing:start', { withinMs: 500 }).catch(() => undefined)
    }, 'a while later it is told again')
    await Promise.all([a.close(), b.close()])
  })

  t.test('a stop alone is passed on: it was perhaps started through another replica', async () => {
    const { a, b, conversationId } = await start()
    a.send({ type: 'typing:stop', conversationId })
    await b.next('typing:stop')
    await Promise.all([a.close(), b.close()])
  })
})
