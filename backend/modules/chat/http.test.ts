import { randomUUID } from 'node:crypto'
import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { converse, messagesIn, pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn } from '../../testing/people.ts'
import { connect } from '../../testing/socket.ts'

const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from)

t.test('the socket’s HTTP twin', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false })

  t.test('a message sent over HTTP is stored, answered, and received by everybody’s sockets', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [own, peer] = await Promise.all([connect(customer), connect(mitra)])
    const clientId = randomUUID()
    const answer = await customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId, body: 'over HTTP' } })
    t.equal(answer.status, 201)
    t.match(answer.body, { conversationId, seq: 1, id: String, clientId, senderId: customer.id, body: 'over HTTP', sentAt: String })
    for (const socket of [own, peer]) t.same(await socket.next('message:received'), { type: 'message:received', ...answer.body })
    const again = await customer.on(1).call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId, body: 'another text' } })
    t.equal(again.status, 201)
    t.same(again.body, answer.body, 'a repeat answers the first')
    t.equal((await messagesIn(app, conversationId)).length, 1)
    await Promise.all([own.close(), peer.close()])
  })

  t.test('history: the newest page, backward, forward', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body) select $1, n, gen_random_uuid(), gen_random_uuid(), $2, 'm' || n from generate_series(1, 130) n`, [conversationId, mitra.id])
    await app.query('update conversations set head_seq = 130 where id = $1', [conversationId])
    const get = async (query: string) => (await customer.call('GET', `/api/v1/conversations/${conversationId}/messages${query}`)).body
    const seqs = (page: { items: { seq: number }[] }) => page.items.map((item) => item.seq)
    const newest = await get('')
    t.same(seqs(newest), range(20, 111))
    t.match(newest, { headSeq: 130, headChange: 0, firstSeq: 1, hasMore: true, nextCursor: '111' })
    t.same(seqs(await get('?beforeSeq=111&limit=5')), range(5, 106))
    t.match(await get('?beforeSeq=4'), { items: { length: 3 }, hasMore: false, nextCursor: null })
    const forward = await get('?afterSeq=0&limit=100')
    t.same(seqs(forward), range(100))
    t.match(forward, { hasMore: true, nextCursor: '100' })
    t.match(await get('?afterSeq=130'), { items: [], hasMore: false, nextCursor: null })
    for (const query of ['?limit=101', '?limit=0', '?afterSeq=-1', '?afterSeq=1&beforeSeq=9', '?before=3']) {
      t.match(await customer.call('GET', `/api/v1/conversations/${conversationId}/messages${query}`), { status: 400, body: { code: 'validation_failed' } }, query)
    }
  })

  t.test('a page of long messages stays within 256 KiB', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body) select $1, n, gen_random_uuid(), gen_random_uuid(), $2, repeat(chr(1), 4000) from generate_series(1, 100) n`, [conversationId, mitra.id])
    await app.query('update conversations set head_seq = 100 where id = $1', [conversationId])
    const answer = await customer.call('GET', `/api/v1/conversations/${conversationId}/messages?limit=100`)
    t.ok(answer.text.length <= 256 * 1024, `${answer.text.length} bytes`)
    t.match(answer.body, { hasMore: true })
    t.equal(answer.body.items.at(-1).seq, 100, 'the newest are there')
  })

  t.test('conversations: newest first, by pages, with both places', async (t) => {
    const [customer, mitra] = await Promise.all([signIn(app, { kind: 'customer' }), signIn(app, { kind: 'mitra' })])
    const ids: string[] = []
    for (const _ of range(5)) ids.push(await converse(app, [customer, mitra]))
    const a = await connect(customer)
    a.send(sendOf(ids[4]!, 'hello'))
    await a.next('message:ack')
    const first = (await customer.call('GET', '/api/v1/conversations?limit=3')).body
    t.same(first.items.map((item: { id: string }) => item.id), [ids[4], ids[3], ids[2]])
    t.match(first.items[0], { headSeq: 1, headChange: 0, readSeq: 1, peerReadSeq: 0, isWritable: true, lastMessageAt: String, memberIds: [customer.id, mitra.id].toSorted() })
    const second = (await customer.call('GET', `/api/v1/conversations?limit=3&cursor=${first.nextCursor}`)).body
    t.same(second.items.map((item: { id: string }) => item.id), [ids[1], ids[0]])
    t.equal(second.nextCursor, null)
    await a.close()
  })

  t.test('read: moves on, never back, never past the head', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const peer = await connect(mitra)
    await app.query('update conversations set head_seq = 10 where id = $1', [conversationId])
    const read = async (seq: number) => customer.call('POST', `/api/v1/conversations/${conversationId}/read`, { body: { seq } })
    t.match(await read(4), { status: 200, body: { conversationId, seq: 4 } })
    t.match(await peer.next('message:read'), { seq: 4, userId: customer.id })
    t.match(await read(2), { status: 200, body: { seq: 4 } })
    t.match(await read(99), { status: 200, body: { seq: 10 } })
    const both = await Promise.all([read(10), customer.on(1).call('POST', `/api/v1/conversations/${conversationId}/read`, { body: { seq: 7 } })])
    t.same(both.map((answer) => answer.body.seq), [10, 10])
    await peer.close()
  })

  t.test('delivered: a phone that a push woke says so, and is not pushed again', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const peer = await connect(mitra)
    await app.query('update conversations set head_seq = 10 where id = $1', [conversationId])
    const delivered = async (seq: number) => customer.call('POST', `/api/v1/conversations/${conversationId}/delivered`, { body: { seq } })
    t.match(await delivered(4), { status: 200, body: { conversationId, seq: 4 } })
    t.match(await peer.next('message:delivered'), { conversationId, seq: 4, userId: customer.id })
    t.match(await delivered(2), { status: 200, body: { seq: 4 } })
    t.match(await delivered(99), { status: 200, body: { seq: 10 } })
    const both = await Promise.all([delivered(10), customer.on(1).call('POST', `/api/v1/conversations/${conversationId}/delivered`, { body: { seq: 7 } })])
    t.same(both.map((answer) => answer.body.seq), [10, 10])
    const [row] = await app.query<{ read_seq: string; delivered_seq: string }>('select read_seq, delivered_seq from conversation_members where conversation_id = $1 and user_id = $2', [conversationId, customer.id])
    t.same([Number(row!.read_seq), Number(row!.delivered_seq)], [0, 10], 'and nothing is read')
    await peer.close()
  })

  t.test('changes: what sync tells of messages that one has already, page by page', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    const path = `/api/v1/conversations/${conversationId}/messages`
    for (const body of ['one', 'two', 'three']) await customer.call('POST', path, { body: { clientId: randomUUID(), body } })
    const get = async (query: string) => (await customer.call('GET', `${path}${query}`)).body
    t.match(await get('?afterSeq=3&afterChange=0'), { items: [], changes: [], headSeq: 3, headChange: 0, hasMore: false })
    await customer.call('PATCH', `${path}/1`, { body: { body: 'one, better' } })
    await customer.call('DELETE', `${path}/3`)
    t.notOk('changes' in await get('?afterSeq=3'), 'only where they are asked for')
    const first = await get('?afterSeq=3&afterChange=0&limit=1')
    t.match(first, { items: [], changes: [{ conversationId, seq: 1, change: 1, body: 'one, better', editedAt: String }], headChange: 2, hasMore: true })
    t.match(await get('?afterSeq=3&afterChange=1&limit=1'), { items: [], changes: [{ seq: 3, change: 2, deleted: true }], hasMore: false })
    t.match(await get('?afterSeq=2&afterChange=0'), { items: [{ seq: 3, deleted: true }], changes: [{ change: 1 }, { change: 2 }], hasMore: false })
    for (const query of ['?afterChange=0', '?beforeSeq=3&afterChange=0', '?afterSeq=0&afterChange=-1']) t.match(await customer.call('GET', `${path}${query}`), { status: 400, body: { code: 'validation_failed' } }, query)
  })

  t.test('nobody, somebody else, and a missing conversation', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    const stranger = await signIn(app, { kind: 'customer' })
    const routes = (id: string) => [
      ['GET', `/api/v1/conversations/${id}/messages`, undefined],
      ['POST', `/api/v1/conversations/${id}/messages`, { clientId: randomUUID(), body: 'x' }],
      ['POST', `/api/v1/conversations/${id}/read`, { seq: 1 }],
      ['POST', `/api/v1/conversations/${id}/delivered`, { seq: 1 }],
    ] as const
    for (const [method, path, body] of [...routes(conversationId), ['GET', '/api/v1/conversations', undefined] as const]) {
      t.match(await call(app.url, method, path, { body }), { status: 401, body: { code: 'unauthenticated' } }, `${method} ${path} of nobody`)
    }
    const missing = routes(randomUUID())
    for (const [index, [method, path, body]] of routes(conversationId).entries()) {
      const [theirs, none] = [await stranger.call(method, path, { body }), await stranger.call(method, missing[index]![1], { body })]
      t.match(theirs, { status: 404, body: { code: 'not_found' } })
      t.same({ ...theirs.body, instance: '', requestId: '' }, { ...none.body, instance: '', requestId: '' }, 'others’ and missing look the same')
    }
    t.match(await customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'x', seq: 5 } }), { status: 400, body: { code: 'validation_failed' } })
    t.match(await customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'x'.repeat(4001) } }), { status: 400, body: { code: 'message_too_long' } })
    t.match(await customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'a\u0000b' } }), { status: 400, body: { code: 'validation_failed' } })
    t.match(await customer.call('GET', '/api/v1/conversations/not-an-id/messages'), { status: 400 })
    t.same(await messagesIn(app, conversationId), [])
  })

  t.test('a closed conversation takes no message and still shows its history', async (t) => {
    const { customer, conversationId } = await pairUp(app, { writableSeconds: 30 })
    const send = () => customer.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'x' } })
    t.equal((await send()).status, 201)
    await app.clock.advance(31)
    t.match(await send(), { status: 409, body: { code: 'conversation_closed' } })
    t.match((await customer.call('GET', `/api/v1/conversations/${conversationId}/messages`)).body, { items: [{ seq: 1 }] })
    t.match((await customer.call('GET', '/api/v1/conversations')).body, { items: [{ id: conversationId, isWritable: false }] })
  })
})
