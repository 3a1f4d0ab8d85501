import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { converse, pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { connect, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from)

/** Fills a conversation with rows, as if they had been sent. */
async function fill(app: TestApp, conversationId: string, sender: Person, count: number, body = `'m' || n`): Promise<void> {
  await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body)
    select $1, h.head_seq + n, gen_random_uuid(), gen_random_uuid(), $2, ${body} from conversations h, generate_series(1, $3::int) n where h.id = $1`, [conversationId, sender.id, count])
  await app.query('update conversations set head_seq = head_seq + $2, head_at = app_now() where id = $1', [conversationId, count])
}

async function page(socket: TestSocket, id: string, afterSeq: number) {
  socket.send({ type: 'sync', conversations: [{ id, afterSeq }] })
  return socket.next('conversation:synced')
}

t.test('sync', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false })

  t.test('an absence of 300 messages is filled on the other replica, in pages, exactly', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    a.send(sendOf(conversationId, 'before'))
    await b.next('message:received')
    b.terminate()
    for (const n of range(300)) {
      a.send(sendOf(conversationId, `m${n}`))
      if (n % 50 === 0) await eventually(() => a.all('message:ack').length === n + 1, 'acked')
    }
    const back = await connect(mitra.on(0))
    t.match(back.ready['conversations'], [{ id: conversationId, headSeq: 301, headChange: 0, readSeq: 0, peerReadSeq: 0 }])
    const seqs: number[] = []
    for (let more = true, pages = 0; more; pages++) {
      const synced = await page(back, conversationId, 1 + seqs.length)
      const messages = synced['messages'] as { seq: number; body: string }[]
      t.ok(messages.length <= 100)
      t.match(synced, { conversationId, headSeq: 301, headChange: 0, firstSeq: 1, changes: [], hasMore: pages < 2 })
      for (const message of messages) if (message.body !== `m${message.seq - 1}`) t.fail('a message is not the one of its place')
      seqs.push(...messages.map((message) => message.seq))
      more = synced['hasMore']
    }
    t.same(seqs, range(300, 2))
    t.strictSame(Object.keys((await page(back, conversationId, 300))['messages'][0]), ['conversationId', 'seq', 'id', 'clientId', 'senderId', 'body', 'sentAt'])
    await Promise.all([a.close(), back.close()])
  })

  t.test('a page has at most 64 KiB, and at least one message', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    await fill(app, conversationId, customer, 90, `repeat('🙂', 4000)`)
    const socket = await connect(customer)
    const sizes: number[] = []
    socket.raw.on('message', (data: Buffer) => sizes.push(data.length))
    let afterSeq = 0
    for (let more = true; more;) {
      const synced = await page(socket, conversationId, afterSeq)
      t.ok(synced['messages'].length > 0)
      afterSeq += synced['messages'].length
      more = synced['hasMore']
    }
    t.equal(afterSeq, 90)
    t.ok(Math.max(...sizes) <= 64 * 1024, `the largest page has ${Math.max(...sizes)} bytes`)
    t.ok(Math.max(...sizes) > 32 * 1024, 'and pages are filled')
    await socket.close()
  })

  t.test('many conversations at once, some of them others’; each is answered', async (t) => {
    const customer = await signIn(app, { kind: 'customer' })
    const mitras = await Promise.all(range(3).map(() => signIn(app, { kind: 'mitra' })))
    const mine = await Promise.all(range(20).map((n) => converse(app, [customer, mitras[n % 3]!])))
    await Promise.all(mine.map((id, index) => fill(app, id, customer, index)))
    const { conversationId: foreign } = await pairUp(app)
    const socket = await connect(customer)
    socket.send({ type: 'sync', conversations: [...mine.slice(0, 10), foreign, ...mine.slice(10)].map((id) => ({ id, afterSeq: 0 })) })
    const synced = []
    for (let n = 0; n < 20; n++) synced.push(await socket.next('conversation:synced'))
    t.same(synced.map((frame) => frame['conversationId']), mine)
    t.same(synced.map((frame) => frame['messages'].length), range(20, 0))
    t.match(await socket.next('error'), { code: 'not_found', of: 'sync', conversationId: foreign })
    await socket.close()
  })

  t.test('asked from the head, from beyond it, and in a conversation without messages', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    const socket = await connect(customer)
    t.match(await page(socket, conversationId, 0), { messages: [], headSeq: 0, firstSeq: 1, hasMore: false })
    await fill(app, conversationId, customer, 5)
    t.match(await page(socket, conversationId, 5), { messages: [], headSeq: 5, firstSeq: 1, hasMore: false })
    t.match(await page(socket, conversationId, 999), { messages: [], headSeq: 5, hasMore: false })
    await app.query('delete from messages where conversation_id = $1 and seq <= 2', [conversationId])
    t.match(await page(socket, conversationId, 0), { messages: [{ seq: 3 }, { seq: 4 }, { seq: 5 }], firstSeq: 3, hasMore: false })
    for (const conversations of [[{ id: conversationId, afterSeq: -1 }], [{ id: 'x', afterSeq: 0 }], range(101).map(() => ({ id: conversationId, afterSeq: 0 })), 'all']) {
      socket.send({ type: 'sync', conversations })
      t.match(await socket.next('error'), { code: 'frame_invalid', of: 'sync' })
    }
    await socket.close()
  })

  t.test('a client that takes its pages slowly is waited for, and not sent away', async (t) => {
    const customer = await signIn(app, { kind: 'customer' })
    const mitra = await signIn(app, { kind: 'mitra' })
    const ids = await Promise.all(range(100).map(() => converse(app, [customer, mitra])))
    await Promise.all(ids.map((id) => fill(app, id, mitra, 16, `repeat('x', 4000)`)))
    const socket = await connect(customer)
    socket.pause()
    socket.send({ type: 'sync', conversations: ids.map((id) => ({ id, afterSeq: 0 })) })
    const { realtime } = app.replicas[0]!
    const [connection] = realtime.hub.socketsOf(customer.id)
    await eventually(() => connection!.bufferedBytes > 0, 'the server has to wait')
    t.ok(connection!.bufferedBytes < 1024 * 1024, `${connection!.bufferedBytes} bytes wait`)
    socket.resume()
    await eventually(() => socket.all('conversation:synced').length === 100, 'all pages arrive', { timeoutMs: 30_000 })
    t.ok(socket.isOpen())
    await socket.close()
  })

  t.test('a client that asks again and again and takes nothing is refused; what it may ask is answered in order', async (t) => {
    const customer = await signIn(app, { kind: 'customer' })
    const mitra = await signIn(app, { kind: 'mitra' })
    const ids = await Promise.all(range(20).map(() => converse(app, [customer, mitra])))
    await Promise.all(ids.map((id) => fill(app, id, mitra, 60, `repeat('x', 4000)`)))
    const socket = await connect(customer)
    socket.pause()
    for (const _ of range(60)) socket.send({ type: 'sync', conversations: ids.map((id) => ({ id, afterSeq: 55 })) })
    const { realtime } = app.replicas[0]!
    const [connection] = realtime.hub.socketsOf(customer.id)
    await eventually(() => connection!.bufferedBytes > 0, 'the server has to wait')
    t.ok(connection!.bufferedBytes < 1024 * 1024, `${connection!.bufferedBytes} bytes wait`)
    socket.resume()
    const answered = await eventually(() => {
      const refused = socket.all('error').length
      return refused > 0 && socket.all('conversation:synced').length === (60 - refused) * 20 ? 60 - refused : undefined
    }, 'all others are answered', { timeoutMs: 30_000 })
    t.ok(answered >= 25 && answered < 60, `${answered} of 60`)
    t.ok(socket.all('error').every((frame) => frame['code'] === 'too_many_frames' && frame['of'] === 'sync'))
    t.same(socket.all('conversation:synced').map((frame) => frame['conversationId']), range(answered).flatMap(() => ids))
    await socket.close()
  })

  t.test('what belongs to an earlier owner of the number is not shown', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    await fill(app, conversationId, customer, 3)
    await app.query(`update users set history_from = app_now() + interval '1 second' where id = $1`, [customer.id])
    const socket = await connect(customer)
    t.same(socket.ready['conversations'], [])
    socket.send({ type: 'sync', conversations: [{ id: conversationId, afterSeq: 0 }] })
    t.match(await socket.next('error'), { code: 'not_found', of: 'sync' })
    t.equal((await customer.call('GET', `/api/v1/conversations/${conversationId}/messages`)).status, 404)
    t.same((await customer.call('GET', '/api/v1/conversations')).body.items, [])
    await socket.close()
  })

  t.test('ready: open conversations and the 50 newest, with positions', async (t) => {
    const customer = await signIn(app, { kind: 'customer' })
    const mitra = await signIn(app, { kind: 'mitra' })
    const old = await converse(app, [customer, mitra], { writableSeconds: 3600 })
    const ids: string[] = []
    for (const _ of range(60)) ids.push(await converse(app, [customer, mitra], { writableSeconds: 0 }))
    await fill(app, old, mitra, 4)
    await fill(app, old, customer, 2)
    const socket = await connect(customer)
    const shown = socket.ready['conversations'] as { id: string }[]
    t.equal(shown.length, 51)
    t.same(shown.slice(0, 50).map((one) => one.id), ids.toReversed().slice(0, 50))
    t.match(shown.at(-1), { id: old, headSeq: 6, readSeq: 0, peerReadSeq: 0 })
    t.equal(socket.ready['hasMore'], true)
    socket.send({ type: 'message:read', conversationId: old, seq: 4 })
    await eventually(async () => (await app.query('select 1 from conversation_members where user_id = $1 and read_seq = 4', [customer.id]))[0], 'read')
    const again = await connect(customer)
    t.match((again.ready['conversations'] as unknown[]).at(-1), { id: old, readSeq: 6 }, 'one’s own messages count as read')
    const peer = await connect(mitra)
    t.match((peer.ready['conversations'] as unknown[]).at(-1), { id: old, readSeq: 4, peerReadSeq: 4 })
    await Promise.all([socket.close(), again.close(), peer.close()])
  })
})
