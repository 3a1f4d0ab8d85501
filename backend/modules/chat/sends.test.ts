import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { converse, messagesIn, pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'
import type { Message } from './contract.ts'
import { createHeldSends } from './held-sends.ts'
import { createMembers, type Membership } from './members.ts'
import type { Entry } from './store-batch.ts'
import { createTeller } from './tell-members.ts'

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

t.test('sending', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false })

  t.test('a message is acked after it is stored, and reaches the other member on another replica', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const send = sendOf(conversationId, 'Halo, apa kabar? 👋')
    a.send(send)
    const ack = await a.next('message:ack')
    const [stored] = await messagesIn(app, conversationId)
    t.match(ack, { clientId: send.clientId, conversationId, seq: 1, id: String, sentAt: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ })
    t.match(stored, { seq: 1, client_id: send.clientId, sender_id: customer.id, body: send.body })
    t.same(await b.next('message:received'), { type: 'message:received', conversationId, seq: 1, id: ack['id'], clientId: send.clientId, senderId: customer.id, body: send.body, sentAt: ack['sentAt'] })
    t.equal(a.all('message:received').length, 0, 'the socket that sent it has its ack and nothing else')
    await Promise.all([a.close(), b.close()])
  })

  t.test('the sender’s other devices get it too, on either replica, once', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [phone, tablet, desk, peer] = await Promise.all([connect(customer), connect(customer), connect(customer.on(1)), connect(mitra)])
    phone.send(sendOf(conversationId, 'one'))
    await Promise.all([phone.next('message:ack'), tablet.next('message:received'), desk.next('message:received'), peer.next('message:received')])
    phone.send(sendOf(conversationId, 'two'))
    await Promise.all([phone.next('message:ack'), tablet.next('message:received'), desk.next('message:received'), peer.next('message:received')])
    t.same([phone, tablet, desk, peer].map((socket) => socket.all('message:received').length), [0, 2, 2, 2])
    await Promise.all([phone, tablet, desk, peer].map((socket) => socket.close()))
  })

  t.test('one clientId, 50 times over both replicas and both transports, is one row with one seq', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [here, there, peer] = await Promise.all([connect(customer), connect(customer.on(1)), connect(mitra)])
    const send = sendOf(conversationId, 'only once')
    const posts = []
    for (let index = 0; index < 10; index++) {
      for (const socket of [here, there]) {
        socket.send(send)
        socket.send(send)
      }
      posts.push(customer.on(index % 2).call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: send.clientId, body: send.body } }))
    }
    const answers = await Promise.all(posts)
    const acks = await Promise.all(range(20).flatMap(() => [here.next('message:ack'), there.next('message:ack')]))
    t.equal(new Set(acks.map((ack) => `${ack['seq']} ${ack['id']} ${ack['sentAt']}`)).size, 1, 'every ack says the same')
    t.same(answers.map((answer) => answer.status), Array(10).fill(201))
    t.same(new Set(answers.map((answer) => answer.body.seq)), new Set([1]))
    t.same((await messagesIn(app, conversationId)).map((row) => row.seq), [1])
    here.send(sendOf(conversationId, 'next'))
    t.equal((await here.next('message:ack'))['seq'], 2, 'no place was lost to the repeats')
    await peer.next('message:received', { matches: (frame) => frame['seq'] === 2 })
    t.same(peer.all('message:received').map((frame) => frame['seq']), [1, 2], 'the peer got each once')
    await Promise.all([here.close(), there.close(), peer.close()])
  })

  t.test('repeats among many other sends keep every seq dense', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [here, there, peer] = await Promise.all([connect(customer), connect(customer.on(1)), connect(mitra)])
    const sends = range(60).map((n) => sendOf(conversationId, `m${n}`))
    for (const [index, send] of sends.entries()) {
      here.send(send)
      there.send(sends[(index * 7) % sends.length]!)
      peer.send(sendOf(conversationId, `p${index}`))
    }
    for (const send of sends) there.send(send)
    await Promise.all([...range(60).map(() => here.next('message:ack')), ...range(120).map(() => there.next('message:ack')), ...range(60).map(() => peer.next('message:ack'))])
    const rows = await messagesIn(app, conversationId)
    t.same(rows.map((row) => row.seq), range(120), 'dense')
    t.equal(new Set(rows.map((row) => row.client_id)).size, 120, 'nothing twice')
    const seqs = new Map(rows.map((row) => [row.client_id, row.seq]))
    for (const frame of [...here.all('message:ack'), ...there.all('message:ack')]) if (seqs.get(frame['clientId']) !== frame['seq']) t.fail('an ack has another seq than its row')
    await Promise.all([here.close(), there.close(), peer.close()])
  })

  t.test('two senders on different replicas see one order, and each keeps its own', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const each = 200
    for (let n = 1; n <= each; n++) {
      a.send(sendOf(conversationId, `a${n}`))
      b.send(sendOf(conversationId, `b${n}`))
      if (n % 40 === 0) await Promise.all([a.next('message:ack'), b.next('message:ack')])
    }
    await eventually(() => a.all('message:ack').length === each && b.all('message:ack').length === each, 'all are acked')
    await eventually(() => a.all('message:received').length === each && b.all('message:received').length === each, 'all are received')
    const rows = await messagesIn(app, conversationId)
    t.same(rows.map((row) => row.seq), range(2 * each))
    for (const [who, socket, name] of [[customer, a, 'a'], [mitra, b, 'b']] as const) {
      t.same(rows.filter((row) => row.sender_id === who.id).map((row) => row.body), range(each).map((n) => `${name}${n}`), 'the order of sending is the order of seq')
      const acked = socket.all('message:ack').map((frame) => [frame['clientId'], frame['seq']] as const)
      const received = socket.all('message:received').map((frame) => [frame['clientId'], frame['seq']] as const)
      const seen = [...acked, ...received].toSorted(([, x], [, y]) => x - y).map(([clientId]) => clientId)
      t.same(seen, rows.map((row) => row.client_id), 'what a client puts together is the database’s order')
    }
    const batches = await app.query<{ n: string }>('select count(distinct xmin::text) as n from messages where conversation_id = $1', [conversationId])
    t.ok(Number(batches[0]!.n) < 2 * each, `sends were stored together: ${batches[0]!.n} commits for ${2 * each} messages`)
    await Promise.all([a.close(), b.close()])
  })

  t.test('who is no member is told that there is no such conversation, exactly as where there is none', async (t) => {
    const { conversationId } = await pairUp(app)
    const stranger = await signIn(app, { kind: 'customer' })
    const socket = await connect(stranger)
    const refusals = []
    for (const id of [conversationId, randomUUID()]) {
      const send = sendOf(id, 'let me in')
      socket.send(send)
      const { clientId, ...refusal } = await socket.next('message:rejected')
      t.equal(clientId, send.clientId)
      refusals.push(refusal)
    }
    t.same(refusals[0], refusals[1])
    t.equal(refusals[0]!['code'], 'not_found')
    t.same(await messagesIn(app, conversationId), [])
    await socket.close()
  })

  t.test('a closed conversation refuses; what was acked before is still answered when it is repeated', async (t) => {
    const { customer, conversationId } = await pairUp(app, { writableSeconds: 60 })
    const socket = await connect(customer)
    const first = sendOf(conversationId, 'in time')
    socket.send(first)
    await socket.next('message:ack')
    await app.clock.advance(61)
    const late = sendOf(conversationId, 'too late')
    socket.send(late)
    t.match(await socket.next('message:rejected'), { clientId: late.clientId, code: 'conversation_closed', detail: String })
    socket.send(first)
    t.equal((await socket.next('message:ack'))['seq'], 1)
    t.equal((await messagesIn(app, conversationId)).length, 1)
    await socket.close()
  })

  t.test('texts that can’t be stored are refused by name, and the others of the same moment are stored', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [socket, peer] = await Promise.all([connect(customer), connect(mitra)])
    const bad: [string, string][] = [
      ['', 'validation_failed'], ['a\u0000b', 'validation_failed'], ['lone \ud800 surrogate', 'validation_failed'], ['x'.repeat(4001), 'message_too_long'], ['🙂'.repeat(4001), 'message_too_long'],
    ]
    const good = ['ok', '🙂'.repeat(4000), 'y'.repeat(4000), '\u{10FFFF}', '"\\\n{},NULL']
    const sends = [...bad.map(([body, code]) => ({ ...sendOf(conversationId, body), code })), ...good.map((body) => ({ ...sendOf(conversationId, body), code: '' }))]
    for (const { code: _code, ...send } of sends) socket.send(send)
    for (const { clientId, code } of sends.filter((send) => send.code !== '')) {
      const rejected = await socket.next('message:rejected', { matches: (frame) => frame['clientId'] === clientId })
      t.equal(rejected['code'], code)
    }
    await Promise.all(good.map(() => socket.next('message:ack')))
    await Promise.all(good.map(() => peer.next('message:received')))
    t.same((await messagesIn(app, conversationId)).map((row) => row.body), good)
    t.same(peer.all('message:received').map((frame) => frame['body']), good, 'and arrive as they were')
    await Promise.all([socket.close(), peer.close()])
  })

  t.test('a send without a text, with one field too many, or with an unusable clientId', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    const socket = await connect(customer)
    const clientId = randomUUID().toUpperCase()
    socket.send({ type: 'message:send', clientId, conversationId })
    t.match(await socket.next('message:rejected'), { clientId, code: 'validation_failed' })
    socket.send({ ...sendOf(conversationId, 'x', clientId), seq: 7 })
    t.match(await socket.next('message:rejected'), { clientId, code: 'validation_failed' })
    socket.send({ ...sendOf(conversationId, 'x'), clientId: 'no uuid' })
    t.match(await socket.next('message:rejected'), { clientId: 'no uuid', code: 'validation_failed' })
    socket.send({ ...sendOf(conversationId, 'x'), clientId: 7 })
    t.match(await socket.next('error'), { code: 'frame_invalid', of: 'message:send' })
    socket.send(sendOf(conversationId.toUpperCase(), 'ids come in any case', clientId))
    t.match(await socket.next('message:ack'), { clientId, conversationId, seq: 1 })
    await socket.close()
  })

  t.test('a row that Postgres refuses does not take the others of its batch with it', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await app.query(`alter table messages add constraint refused check (body <> 'refuse me') not valid`)
    t.teardown(() => app.query('alter table messages drop constraint if exists refused'))
    const [socket, peer] = await Promise.all([connect(customer), connect(mitra)])
    const sends = ['first', 'refuse me', 'last'].map((body) => sendOf(conversationId, body))
    for (const send of sends) socket.send(send)
    await Promise.all([socket.next('message:ack'), socket.next('message:ack')])
    t.match(await socket.next('message:rejected'), { code: 'not_ready', clientId: sends[1]!.clientId })
    t.same((await messagesIn(app, conversationId)).map((row) => [row.seq, row.body]), [[1, 'first'], [2, 'last']])
    await Promise.all([socket.close(), peer.close()])
  })

  t.test('a conversation that somebody holds locked holds up nobody else, not even sends of the same turn', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const free = await converse(app, [customer, mitra])
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const client = await app.replicas[0]!.ctx.pool.connect()
    await client.query('begin')
    await client.query('select from conversations where id = $1 for update', [conversationId])
    const waits = range(3).map((n) => sendOf(conversationId, `waits ${n}`))
    const passes = range(3).map((n) => sendOf(free, `passes ${n}`))
    for (const n of [0, 1]) for (const send of [waits[n], passes[n]]) a.send(send!)
    for (const n of [1, 2]) t.match(await a.next('message:ack'), { conversationId: free, seq: n })
    // What comes later for either of them.
    for (const send of [waits[2], passes[2], waits[0]]) a.send(send!)
    t.match(await a.next('message:ack'), { conversationId: free, seq: 3 })
    t.equal(a.all('message:ack').length, 3)
    t.same(a.all('message:rejected'), [], 'nor did they come only when the others were given up')
    await client.query('commit')
    client.release()
    const acks = [await a.next('message:ack'), await a.next('message:ack'), await a.next('message:ack'), await a.next('message:ack')]
    t.same([...new Set(acks.map((ack) => ack['clientId']))], waits.map((send) => send.clientId))
    t.same((await messagesIn(app, conversationId)).map((row) => row.body), waits.map((send) => send.body), 'in the order of arrival')
    for (const n of range(3)) await b.next('message:received', { matches: (frame) => frame['conversationId'] === conversationId && frame['seq'] === n })
    await Promise.all([a.close(), b.close()])
  })

  t.test('a conversation that is closed while its sends wait refuses them; one that stays locked ends in not_ready', async (t) => {
    const [one, other] = await Promise.all([pairUp(app), pairUp(app)])
    const a = await connect(one.customer)
    const client = await app.replicas[0]!.ctx.pool.connect()
    await client.query('begin')
    await client.query('update conversations set writable_until = app_now() where id = $1', [one.conversationId])
    await client.query('select from conversations where id = $1 for update', [other.conversationId])
    a.send(sendOf(one.conversationId, 'in vain'))
    const { ctx } = app.replicas[0]!
    const entry: Entry = {
      send: { conversationId: other.conversationId, senderId: other.customer.id, clientId: randomUUID(), body: 'waits' }, key: '', id: randomUUID(), heldUntilMs: 0, ...Promise.withResolvers<Message>(),
    }
    const told: string[] = []
    const teller = createTeller(ctx, createMembers(ctx, ctx.pool))
    const held = createHeldSends({ ctx, pool: ctx.pool, teller, refuse: () => void told.push('refused') }, {
      most: 10, forMs: 150, answered: () => void told.push('answered'), freed: (id) => void told.push(id), tried: () => {},
    })
    held.add(entry)
    await t.rejects(entry.promise, { code: 'not_ready' })
    t.same(told, ['answered', other.conversationId])
    t.ok(held.isEmpty())
    await client.query('commit')
    client.release()
    t.match(await a.next('message:rejected'), { code: 'conversation_closed' })
    await a.close()
  })

  t.test('an ack waits for no slow request: every connection of the others is busy, the members are not yet known', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const { ctx } = app.replicas[0]!
    const clients = await Promise.all(Array.from({ length: ctx.env.POOL_MAX }, () => ctx.pool.connect()))
    a.send(sendOf(conversationId, 'hello'))
    // Whoever waited for one of them would wait for ever.
    t.equal((await a.next('message:ack'))['seq'], 1)
    await b.next('message:received')
    for (const client of clients) client.release()
    await Promise.all([a.close(), b.close()])
  })

  t.test('every backend of Postgres is terminated again and again: no ack is false, and it goes on by itself', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    const sends = range(300).map((n) => sendOf(conversationId, `m${n}`))
    for (const [index, send] of sends.entries()) {
      a.send(send)
      if (index % 60 === 30) await app.db.terminateBackends()
      if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    // What was not acked is sent again, as an outbox does.
    await eventually(() => a.all('message:ack').length + a.all('message:rejected').length >= 300, 'every send is answered')
    const acked = () => new Set(a.all('message:ack').map((frame) => frame['clientId'] as string))
    await eventually(async () => {
      for (const send of sends) if (!acked().has(send.clientId)) a.send(send)
      return eventually(() => acked().size === 300, 'all acked', { timeoutMs: 1000 }).then(() => true, () => false)
    }, 'all are stored')
    const rows = await messagesIn(app, conversationId)
    t.same(rows.map((row) => row.seq), range(300))
    const seqs = new Map(rows.map((row) => [row.client_id, row.seq]))
    t.same(a.all('message:ack').filter((frame) => seqs.get(frame['clientId']) !== frame['seq']), [])
    await eventually(() => b.all('message:received').length >= 300, 'the peer has everything')
    t.equal(new Set(b.all('message:received').map((frame) => frame['seq'])).size, 300)
    await Promise.all([a.close(), b.close()])
  })
})

t.test('messages are told in the order of their places, also while it is read who the members are', async (t) => {
  const members: { known: Membership | undefined; reading: PromiseWithResolvers<Membership> } = { known: undefined, reading: Promise.withResolvers() }
  const published: number[] = []
  // Only what a teller uses.
  const ctx = { publish: (_userIds: unknown, frame: { seq?: number }) => void published.push(frame.seq!), log: { warn: () => {} } } as unknown as Ctx
  const teller = createTeller(ctx, { peek: () => members.known, find: () => members.reading.promise, access: () => members.reading.promise })
  const message = (seq: number): Message => ({ conversationId: 'c', seq, id: '', clientId: '', senderId: '', body: '', sentAt: '' })
  const everybody = { memberIds: ['a', 'b'], writableUntilMs: 0, mayReopen: false, loadedAtMs: 0 }
  teller.prepare('c')
  teller.tell(message(1), undefined)
  members.known = everybody
  teller.tell(message(2), undefined)
  t.same(published, [], 'what comes later does not overtake')
  members.reading.resolve(everybody)
  await teller.settled()
  t.same(published, [1, 2])
  teller.tell(message(3), undefined)
  t.same(published, [1, 2, 3], 'at once where they are known')
  members.known = undefined
  members.reading = Promise.withResolvers()
  teller.tell(message(4), undefined)
  members.reading.reject(new Error('away'))
  await teller.settled()
  members.known = everybody
  teller.tell(message(5), undefined)
  t.same(published, [1, 2, 3, 5], 'what could not be told is left to the healer')
})
