import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

async function places(app: TestApp, conversationId: string, userId: string) {
  const [row] = await app.query<{ read_seq: string; delivered_seq: string; pushed_seq: string }>('select read_seq, delivered_seq, pushed_seq from conversation_members where conversation_id = $1 and user_id = $2', [conversationId, userId])
  return { read: Number(row!.read_seq), delivered: Number(row!.delivered_seq), pushed: Number(row!.pushed_seq) }
}

t.test('receipts and typing', async (t) => {
  // What is told again would be counted here.
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { healMs: 10_000 }, valkeyPatienceMs: 30_000 })

  t.test('delivered and read reach the other member; they only grow and never pass the head', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    for (let n = 0; n < 5; n++) {
      a.send(sendOf(conversationId, `m${n}`))
      await b.next('message:received')
    }
    b.send({ type: 'message:delivered', conversationId, seq: 5 })
    t.same(await a.next('message:delivered'), { type: 'message:delivered', conversationId, seq: 5, userId: mitra.id })
    b.send({ type: 'message:read', conversationId, seq: 3 })
    t.same(await a.next('message:read'), { type: 'message:read', conversationId, seq: 3, userId: mitra.id })
    b.send({ type: 'message:read', conversationId, seq: 2 })
    b.send({ type: 'message:delivered', conversationId, seq: 1 })
    b.send({ type: 'message:read', conversationId, seq: 999 })
    t.equal((await a.next('message:read'))['seq'], 5, 'at most the head')
    t.same(await places(app, conversationId, mitra.id), { read: 5, delivered: 5, pushed: 0 })
    t.equal(a.all('message:read').length, 2, 'what moves nothing is told to nobody')
    t.equal(b.all('message:read').length, 0, 'and nobody is told of their own')
    await Promise.all([a.close(), b.close()])
  })

  t.test('one’s own other devices follow what was read', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, phone, tablet] = await Promise.all([connect(customer), connect(mitra), connect(mitra.on(0))])
    a.send(sendOf(conversationId, 'hi'))
    await Promise.all([phone.next('message:received'), tablet.next('message:received')])
    phone.send({ type: 'message:read', conversationId, seq: 1 })
    t.match(await tablet.next('message:read'), { seq: 1, userId: mitra.id })
    await a.next('message:read')
    await Promise.all([a.close(), phone.close(), tablet.close()])
  })

  t.test('two devices that read at the same moment end at the same place, as does the other member', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await app.query('update conversations set head_seq = 50 where id = $1', [conversationId])
    const [a, phone, tablet] = await Promise.all([connect(customer), connect(mitra), connect(mitra)])
    for (const far of [10, 20, 30, 40]) {
      const [first, second] = far % 20 === 0 ? [phone, tablet] : [tablet, phone]
      first.send({ type: 'message:read', conversationId, seq: far })
      second.send({ type: 'message:read', conversationId, seq: far - 5 })
      t.match(await second.next('message:read', { matches: (frame) => frame['seq'] === far }), { userId: mitra.id }, 'the one behind is told')
      await a.next('message:read', { matches: (frame) => frame['seq'] === far })
    }
    await Promise.all([a.close(), phone.close(), tablet.close()])
  })

  t.test('a read place and a delivered one beyond it are both told', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await app.query('update conversations set head_seq = 9 where id = $1', [conversationId])
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    b.send({ type: 'message:read', conversationId, seq: 3 })
    b.send({ type: 'message:delivered', conversationId, seq: 9 })
    t.match(await a.next('message:delivered', { matches: (frame) => frame['seq'] === 9 }), { userId: mitra.id })
    t.match(await a.next('message:read'), { seq: 3, userId: mitra.id })
    const again = await connect(customer)
    t.match(again.ready['conversations'], [{ peerReadSeq: 3, peerDeliveredSeq: 9 }])
    await Promise.all([a.close(), b.close(), again.close()])
  })

  t.test('many receipts at once, from two replicas, end at the highest', async () => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await app.query('update conversations set head_seq = 500 where id = $1', [conversationId])
    const sockets = await Promise.all([connect(customer), connect(customer.on(1)), connect(mitra), connect(mitra.on(0))])
    for (let n = 1; n <= 100; n++) for (const socket of sockets) socket.send({ type: n % 2 === 0 ? 'message:read' : 'message:delivered', conversationId, seq: n * 5 })
    await eventually(async () => (await places(app, conversationId, customer.id)).read === 500 && (await places(app, conversationId, mitra.id)).read === 500, 'both stand at the head')
    await Promise.all(sockets.map((socket) => socket.close()))
  })

  t.test('typing reaches the other member while the conversation is open', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    a.send({ type: 'typing:start', conversationId })
    t.same(await b.next('typing:start'), { type: 'typing:start', conversationId, userId: customer.id })
    a.send({ type: 'typing:stop', conversationId })
    t.same(await b.next('typing:stop'), { type: 'typing:stop', conversationId, userId: customer.id })
    t.equal(a.all('typing:start').length, 0)
    const closed = await pairUp(app, { writableSeconds: -1 })
    const c = await connect(closed.customer)
    c.send({ type: 'typing:start', conversationId: closed.conversationId })
    t.match(await c.next('error'), { code: 'conversation_closed', of: 'typing:start' })
    await Promise.all([a.close(), b.close(), c.close()])
  })

  t.test('who is no member moves nothing and tells nobody anything', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const stranger = await signIn(app, { kind: 'mitra' })
    const [a, b, socket] = await Promise.all([connect(customer), connect(mitra), connect(stranger)])
    a.send(sendOf(conversationId, 'between us'))
    await b.next('message:received')
    for (const id of [conversationId, randomUUID()]) {
      for (const type of ['message:read', 'message:delivered']) {
        socket.send({ type, conversationId: id, seq: 1 })
        t.match(await socket.next('error'), { code: 'not_found', detail: 'There is no such conversation.', of: type })
      }
      for (const type of ['typing:start', 'typing:stop']) {
        socket.send({ type, conversationId: id })
        t.match(await socket.next('error'), { code: 'not_found', detail: 'There is no such conversation.', of: type })
      }
    }
    a.send(sendOf(conversationId, 'last'))
    await b.next('message:received')
    t.same([...new Set([...a.frames, ...b.frames].map((frame) => frame.type))].filter((type) => !type.startsWith('presence:')).toSorted(), ['authenticated', 'message:ack', 'message:received', 'ready'])
    t.equal(socket.all('message:received').length, 0)
    await Promise.all([a.close(), b.close(), socket.close()])
  })
})

t.test('a message without delivered is pushed', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { pushAfterSeconds: 30, sweepMs: 50 } })
  const pushesTo = (userId: string) => app.query<{ title: string; body: string; data: unknown; tag: string; dedupe_key: string }>('select title, body, data, tag, dedupe_key from pushes where user_id = $1 order by created_at', [userId])

  t.test('once, without its text, to the one who has not received it', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const a = await connect(customer)
    const secret = 'something very private'
    for (let n = 0; n < 3; n++) {
      a.send(sendOf(conversationId, secret))
      await a.next('message:ack')
    }
    await app.clock.advance(31)
    const push = await eventually(async () => (await pushesTo(mitra.id))[0], 'it is pushed')
    t.match(push.data, { kind: 'message', conversationId })
    t.notMatch(JSON.stringify(push), secret)
    await eventually(async () => (await places(app, conversationId, customer.id)).pushed === 3, 'own messages are passed over')
    t.equal((await pushesTo(mitra.id)).length, 1, 'one push for all three')
    t.same(await pushesTo(customer.id), [], 'none for one’s own messages')
    const [inbox] = await app.query<{ n: string }>('select count(*) as n from notifications where user_id = $1', [mitra.id])
    t.equal(Number(inbox!.n), 0)
    a.send(sendOf(conversationId, secret))
    await a.next('message:ack')
    await app.clock.advance(31)
    await eventually(async () => (await pushesTo(mitra.id)).length === 2, 'the next one is pushed again, under the same tag')
    t.equal(new Set((await pushesTo(mitra.id)).map((one) => one.tag)).size, 1)
    await a.close()
  })

  t.test('not for every message of a talk that goes on', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await app.query('update conversations set head_seq = 30 where id = $1', [conversationId])
    // One falls due every 3 s, for a minute and a half that passes at once.
    await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at)
      select $1, n, gen_random_uuid(), gen_random_uuid(), $2, 'and', app_now() - interval '30 seconds' + n * interval '3 seconds' from generate_series(1, 30) n`, [conversationId, customer.id])
    await eventually(async () => {
      await app.clock.advance(3)
      return (await places(app, conversationId, mitra.id)).pushed === 30
    }, 'the last one is pushed')
    t.ok((await pushesTo(mitra.id)).length <= 5, 'about one in half a minute')
  })

  t.test('in time, however many have just spoken or are about to be due', async (t) => {
    const talkers = await pairUp(app)
    const at = 'app_now() + interval \'1 hour\''
    const ids = (await app.query<{ id: string }>(`
      with c as (insert into conversations (id, writable_until, head_seq) select gen_random_uuid(), app_now() + interval '30 minutes', 1 from generate_series(1, 260) returning id),
        m as (insert into conversation_members (conversation_id, user_id) select id, u from c, unnest($1::uuid[]) u),
        o as (insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at) select id, 1, id, id, $2, 'fresh', ${at} from c)
      select id from c`, [[talkers.customer.id, talkers.mitra.id], talkers.customer.id])).map(({ id }) => id)
    const asleep = await pairUp(app)
    await app.query('update conversations set head_seq = 1, writable_until = $2 where id = $1', [asleep.conversationId, new Date((await app.clock.now()).getTime() + 7_200_000)])
    await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at) values ($1, 1, $1, $1, $2, 'hello?', app_now() - interval '31 seconds')`, [asleep.conversationId, asleep.customer.id])
    await eventually(async () => (await pushesTo(asleep.mitra.id)).length === 1, 'who sleeps gets the push')
    t.same(await pushesTo(talkers.mitra.id), [], 'nobody before their time')
    await app.query(`update messages set sent_at = app_now() - interval '31 seconds' where conversation_id = any($1::uuid[])`, [ids])
    await eventually(async () => (await pushesTo(talkers.mitra.id)).length === 260, 'more than one batch, one after the other')
    t.same(await pushesTo(talkers.customer.id), [], 'one’s own messages are passed over')
  })

  t.test('not when it was delivered or read; and also when the conversation has closed since', async (t) => {
    const [one, other] = await Promise.all([pairUp(app), pairUp(app, { writableSeconds: 20 })])
    const [a, b, c] = await Promise.all([connect(one.customer), connect(one.mitra), connect(other.customer)])
    a.send(sendOf(one.conversationId, 'hi'))
    await b.next('message:received')
    b.send({ type: 'message:delivered', conversationId: one.conversationId, seq: 1 })
    await a.next('message:delivered')
    c.send(sendOf(other.conversationId, 'the last word'))
    await c.next('message:ack')
    await app.clock.advance(40)
    await eventually(async () => (await pushesTo(other.mitra.id)).length === 1, 'the last word is pushed')
    t.same(await pushesTo(one.mitra.id), [])
    await Promise.all([a.close(), b.close(), c.close()])
  })
})
