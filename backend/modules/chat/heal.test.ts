import { Redis } from 'iovalkey'
import t, { type Test } from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { converse, messagesIn, pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn } from '../../testing/people.ts'
import { connect, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const seqsOf = (socket: TestSocket) => socket.all('message:received').map((frame) => frame['seq'] as number)
const sorted = (seqs: number[]) => seqs.toSorted((a, b) => a - b)

/** Valkey as its operator sees it. */
function control(t: Test, app: TestApp): Redis {
  const valkey = new Redis(app.valkey.url)
  t.teardown(() => valkey.disconnect())
  return valkey
}

async function healedMessages(app: TestApp, replica: number): Promise<number> {
  const { values } = await app.replicas[replica]!.ctx.metrics.healed.get()
  return values.reduce((sum, value) => sum + (value.labels['what'] === 'messages' ? value.value : 0), 0)
}

t.test('what pub/sub loses', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { healMs: 500 } })

  t.test('nothing is healed while nothing is lost', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    for (const n of range(50)) {
      a.send(sendOf(conversationId, `a${n}`))
      b.send(sendOf(conversationId, `b${n}`))
    }
    await eventually(() => seqsOf(a).length === 50 && seqsOf(b).length === 50, 'all arrive')
    // What takes a busy machine longer on its way than the healer waits, it brings; what has arrived it leaves alone.
    const healed = () => Promise.all([0, 1].map((replica) => healedMessages(app, replica)))
    const before = await healed()
    for (const replica of [0, 1, 0, 1]) await app.replicas[replica]!.realtime.heal()
    t.same(await healed(), before)
    t.equal(seqsOf(b).length, 50)
    await Promise.all([a.close(), b.close()])
  })

  t.test('publishes that Valkey refuses, the last of a burst among them, arrive all the same', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const valkey = control(t, app)
    for (const n of range(30)) {
      if (n % 10 === 0) await valkey.call('ACL', 'SETUSER', 'default', '-publish')
      a.send(sendOf(conversationId, `m${n}`))
      await a.next('message:ack')
      if (n % 10 === 0 && n < 30) await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    }
    await eventually(() => new Set(seqsOf(b)).size === 30, 'the peer has everything')
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    t.same(sorted(seqsOf(b)), range(30), 'each once')
    t.ok((await healedMessages(app, 1)) > 0, 'by the healer')
    const rows = await messagesIn(app, conversationId)
    for (const frame of b.all('message:received')) if (rows[frame['seq'] - 1]!.body !== frame['body']) t.fail('a healed message differs from its row')
    await Promise.all([a.close(), b.close()])
  })

  t.test('with every subscriber’s connection killed in the middle of a burst', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const valkey = control(t, app)
    for (const n of range(40)) {
      a.send(sendOf(conversationId, `m${n}`))
      await a.next('message:ack')
      if (n % 8 === 0) await valkey.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    }
    await eventually(() => new Set(seqsOf(b)).size === 40, 'the peer has everything')
    t.same(sorted(seqsOf(b)), range(40), 'each once')
    await Promise.all([a.close(), b.close()])
  })

  t.test('with Valkey stopped, and what it delivers late when it goes on', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    app.valkey.kill('SIGSTOP')
    t.teardown(() => app.valkey.kill('SIGCONT'))
    for (const n of range(20)) {
      a.send(sendOf(conversationId, `a${n}`))
      b.send(sendOf(conversationId, `b${n}`))
      await Promise.all([a.next('message:ack'), b.next('message:ack')])
    }
    await eventually(() => seqsOf(a).length === 20 && seqsOf(b).length === 20, 'both have everything without Valkey')
    app.valkey.kill('SIGCONT')
    a.send(sendOf(conversationId, 'afterwards'))
    await b.next('message:received', { matches: (frame) => frame['body'] === 'afterwards' })
    t.same(sorted(seqsOf(b)).length, 21, 'nothing came twice')
    await Promise.all([a.close(), b.close()])
  })

  t.test('the first messages of a conversation that was opened after the socket', async (t) => {
    const [customer, mitra] = await Promise.all([signIn(app, { kind: 'customer' }), signIn(app, { kind: 'mitra', replica: 1 })])
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const valkey = control(t, app)
    await valkey.call('ACL', 'SETUSER', 'default', '-publish')
    const conversationId = await converse(app, [customer, mitra])
    for (const n of range(3)) {
      a.send(sendOf(conversationId, `m${n}`))
      await a.next('message:ack')
    }
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    await eventually(() => seqsOf(b).length >= 3, 'they arrive')
    t.same(seqsOf(b), [1, 2, 3], 'in order, each once')
    await Promise.all([a.close(), b.close()])
  })

  t.test('receipts that pub/sub lost, the reader’s own other device among those who are told', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b, elsewhere] = await Promise.all([connect(customer), connect(mitra), connect(mitra.on(0))])
    for (const n of range(5)) a.send(sendOf(conversationId, `m${n}`))
    await eventually(() => seqsOf(b).length === 5, 'they arrive')
    const valkey = control(t, app)
    await valkey.call('ACL', 'SETUSER', 'default', '-publish')
    b.send({ type: 'message:delivered', conversationId, seq: 4 })
    t.match(await a.next('message:delivered'), { conversationId, seq: 4, userId: mitra.id })
    b.send({ type: 'message:read', conversationId, seq: 5 })
    for (const socket of [a, elsewhere]) t.match(await socket.next('message:read'), { conversationId, seq: 5, userId: mitra.id })
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    t.same(b.all('message:read'), [], 'who read it knows')
    // Looks that find nothing new tell nothing.
    const heal = () => app.replicas[0]!.realtime.heal()
    await heal()
    await heal()
    const before = a.all('message:read').length
    await heal()
    await heal()
    b.send(sendOf(conversationId, 'marker'))
    await a.next('message:received', { matches: (frame) => frame['body'] === 'marker' })
    t.equal(a.all('message:read').length, before)
    await Promise.all([a.close(), b.close(), elsewhere.close()])
  })

  t.test('a long silence of pub/sub: hundreds of messages, in order', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const valkey = control(t, app)
    await valkey.call('ACL', 'SETUSER', 'default', '-publish')
    for (const n of range(600)) a.send(sendOf(conversationId, `m${n}`))
    await eventually(() => a.all('message:ack').length >= 550, 'nearly all are acked')
    const { length } = await messagesIn(app, conversationId)
    await eventually(() => seqsOf(b).length >= length, 'they arrive')
    await valkey.call('ACL', 'SETUSER', 'default', '+publish')
    t.same(seqsOf(b).slice(0, length), range(length))
    await Promise.all([a.close(), b.close()])
  })
})
