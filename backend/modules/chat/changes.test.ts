import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { converse, pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn } from '../../testing/people.ts'
import { connect, type ReceivedFrame, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const editOf = (conversationId: string, seq: number, body: string) => ({ type: 'message:edit', conversationId, seq, body })
const deleteOf = (conversationId: string, seq: number) => ({ type: 'message:delete', conversationId, seq })
const without = (frame: ReceivedFrame, ...fields: string[]) => Object.fromEntries(Object.entries(frame).filter(([name]) => !fields.includes(name)))

async function say(socket: TestSocket, conversationId: string, ...bodies: string[]): Promise<void> {
  for (const body of bodies) socket.send(sendOf(conversationId, body))
  for (const _ of bodies) await socket.next('message:ack')
}

/** Something that the peer gets after whatever was told before. */
async function marker(socket: TestSocket, peer: TestSocket, conversationId: string): Promise<void> {
  await say(socket, conversationId, 'marker')
  await peer.next('message:received', { matches: (frame) => frame['body'] === 'marker' })
}

const historyOf = async (person: { call: Awaited<ReturnType<typeof signIn>>['call'] }, conversationId: string) =>
  (await person.call('GET', `/api/v1/conversations/${conversationId}/messages?limit=100&afterSeq=0`)).body

/** `change` is dense over a conversation's changed messages and what they were before. */
async function headChange(app: TestApp, conversationId: string): Promise<number> {
  const [row] = await app.query<{ head_change: string }>('select head_change from conversations where id = $1', [conversationId])
  return Number(row!.head_change)
}

async function refused(t: Test, socket: TestSocket, frame: { type: string; conversationId: string; seq: number }, code: string): Promise<void> {
  socket.send(frame)
  t.match(await socket.next('error'), { code, of: frame.type, conversationId: frame.conversationId, seq: frame.seq, detail: String }, `${frame.type}: ${code}`)
}

t.test('changing messages', async (t) => {
  // Every change is counted here, and of several that were lost the healer brings the last; nor may a ping find a token that ended when time was moved.
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { healMs: 10_000, pingSeconds: 30 }, valkeyPatienceMs: 30_000 })

  t.test('an edit and a deletion reach every device of both, once, and stand in every answer', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [phone, tablet, desk, peer] = await Promise.all([connect(customer), connect(customer), connect(customer.on(1)), connect(mitra)])
    const sockets = [phone, tablet, desk, peer]
    await say(phone, conversationId, 'one', 'two', 'three')
    phone.send(editOf(conversationId, 2, 'zwei'))
    const edited = await Promise.all(sockets.map((socket) => socket.next('message:changed')))
    for (const frame of edited) t.strictSame(frame, { type: 'message:changed', conversationId, seq: 2, change: 1, editedAt: edited[0]!['editedAt'], body: 'zwei' })
    desk.send(deleteOf(conversationId, 3))
    for (const socket of sockets) t.strictSame(await socket.next('message:changed'), { type: 'message:changed', conversationId, seq: 3, change: 2, deleted: true })
    t.same(sockets.map((socket) => socket.all('message:changed').length), [2, 2, 2, 2])

    const { items, ...page } = await historyOf(mitra, conversationId)
    t.match(page, { headSeq: 3, headChange: 2 })
    t.notOk('changes' in page)
    t.match(items, [{ seq: 1, body: 'one' }, { seq: 2, body: 'zwei', change: 1, editedAt: edited[0]!['editedAt'] }, { seq: 3, body: '', change: 2, deleted: true }])
    t.strictSame(Object.keys(items[0]), ['conversationId', 'seq', 'id', 'clientId', 'senderId', 'body', 'sentAt'], 'what was not changed has no more fields than before')
    t.same(await app.query('select body from messages where conversation_id = $1 and seq = 3', [conversationId]), [{ body: null }], 'the text is gone')
    peer.send({ type: 'heartbeat' })
    t.match((await peer.next('heartbeat'))['conversations'], [{ id: conversationId, headSeq: 3, headChange: 2 }])
    const late = await connect(mitra)
    t.match(late.ready['conversations'], [{ id: conversationId, headSeq: 3, headChange: 2 }])
    t.match((await mitra.call('GET', '/api/v1/conversations')).body.items, [{ headChange: 2 }])
    await Promise.all([...sockets, late].map((socket) => socket.close()))
  })

  t.test('the HTTP twins change the same, and answer the message', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [own, peer] = await Promise.all([connect(customer), connect(mitra)])
    await say(own, conversationId, 'first')
    const at = (seq: number | string) => `/api/v1/conversations/${conversationId}/messages/${seq}`
    const edited = await customer.call('PATCH', at(1), { body: { body: 'better' } })
    t.match(edited, { status: 200, body: { conversationId, seq: 1, senderId: customer.id, body: 'better', change: 1, editedAt: String, sentAt: String } })
    for (const socket of [own, peer]) t.match(await socket.next('message:changed'), { seq: 1, change: 1, body: 'better' })
    t.same((await customer.on(1).call('PATCH', at(1), { body: { body: 'better' } })).body, edited.body, 'a repeat answers the same')
    const deleted = await customer.call('DELETE', at(1))
    t.match(deleted, { status: 200, body: { seq: 1, body: '', deleted: true, change: 2 } })
    t.notOk('editedAt' in deleted.body)
    t.same((await customer.on(1).call('DELETE', at(1))).body, deleted.body)
    t.match(await customer.call('PATCH', at(1), { body: { body: 'again' } }), { status: 409, body: { code: 'conflict' } })
    t.match(await mitra.call('DELETE', at(1)), { status: 404, body: { code: 'not_found' } }, 'somebody else’s')
    t.match(await customer.call('DELETE', at(2)), { status: 404, body: { code: 'not_found' } }, 'a missing one')
    for (const body of [{}, { body: 7 }, { body: 'x', seq: 2 }]) t.match(await customer.call('PATCH', at(1), { body }), { status: 400, body: { code: 'validation_failed' } })
    t.match(await customer.call('PATCH', at('x'), { body: { body: 'x' } }), { status: 400, body: { code: 'validation_failed' } })
    await peer.next('message:changed', { matches: (frame) => frame['deleted'] === true })
    await marker(own, peer, conversationId)
    t.equal(peer.all('message:changed').length, 2, 'repeats and refusals told nobody anything')
    await Promise.all([own.close(), peer.close()])
  })

  t.test('a repeat changes nothing and is answered to who asks alone, even when it is too late for a change', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    await say(a, conversationId, 'one', 'two')
    a.send(editOf(conversationId, 1, 'eins'))
    const edited = await a.next('message:changed')
    a.send(deleteOf(conversationId, 2))
    const deleted = await a.next('message:changed')
    await app.clock.advance(2 * 86_400)
    a.send(editOf(conversationId, 1, 'eins'))
    t.same(await a.next('message:changed'), edited)
    a.send(deleteOf(conversationId, 2))
    t.same(await a.next('message:changed'), deleted)
    t.equal(await headChange(app, conversationId), 2)
    await marker(a, b, await converse(app, [customer, mitra]))
    t.equal(b.all('message:changed').length, 2)
    await Promise.all([a.close(), b.close()])
  })

  t.test('too late, closed, somebody else’s, deleted, missing, no member: each is told by its code', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app, { writableSeconds: 3600 })
    const stranger = await signIn(app, { kind: 'mitra' })
    const [a, b, c] = await Promise.all([connect(customer), connect(mitra), connect(stranger)])
    await say(a, conversationId, 'one', 'two', 'three', 'four')
    await say(b, conversationId, 'five')
    for (const act of [deleteOf(conversationId, 5), editOf(conversationId, 5, 'not mine'), deleteOf(conversationId, 6), editOf(conversationId, 0, 'x')]) await refused(t, a, act, 'not_found')
    for (const id of [conversationId, randomUUID()]) {
      c.send(deleteOf(id, 1))
      t.strictSame(without(await c.next('error'), 'conversationId'), { type: 'error', code: 'not_found', detail: 'There is no such conversation.', of: 'message:delete', seq: 1 })
    }
    for (const [body, code] of [['', 'validation_failed'], ['a\u0000b', 'validation_failed'], ['\ud800', 'validation_failed'], ['x'.repeat(4001), 'message_too_long']] as const) {
      await refused(t, a, editOf(conversationId, 1, body), code)
    }
    for (const frame of [{ type: 'message:edit', conversationId, seq: 1 }, { type: 'message:delete', conversationId, seq: -1 }, { type: 'message:delete', conversationId, seq: 1, body: 'x' }]) {
      a.send(frame)
      t.match(await a.next('error'), { code: 'frame_invalid', of: frame.type })
    }
    a.send(deleteOf(conversationId, 4))
    await a.next('message:changed')
    await refused(t, a, editOf(conversationId, 4, 'again'), 'conflict')
    await app.clock.advance(800)
    a.send(editOf(conversationId, 1, 'just in time'))
    t.match(await a.next('message:changed'), { seq: 1, body: 'just in time' })
    await app.clock.advance(101)
    await refused(t, a, editOf(conversationId, 2, 'too late'), 'edit_window_over')
    await app.clock.advance(86_400 - 1001)
    a.send(deleteOf(conversationId, 2))
    t.match(await a.next('message:changed'), { seq: 2, deleted: true }, 'a deletion is possible after the end')
    await app.clock.advance(101)
    await refused(t, a, deleteOf(conversationId, 3), 'edit_window_over')
    t.equal(await headChange(app, conversationId), 3)
    await Promise.all([a.close(), b.close(), c.close()])
  })

  t.test('after the end of a conversation an edit is refused, a deletion is not', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app, { writableSeconds: 60 })
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    await say(a, conversationId, 'one')
    await app.clock.advance(61)
    await refused(t, a, editOf(conversationId, 1, 'x'), 'conversation_closed')
    const late = await connect(mitra.on(0))
    a.send(deleteOf(conversationId, 1))
    for (const socket of [a, b, late]) t.match(await socket.next('message:changed'), { seq: 1, change: 1, deleted: true })
    await Promise.all([a.close(), b.close(), late.close()])
  })

  t.test('two devices on two replicas at once: the changes are dense, and the last one is what everybody has', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [phone, desk, peer] = await Promise.all([connect(customer), connect(customer.on(1)), connect(mitra)])
    await say(phone, conversationId, ...range(12).map((n) => `m${n}`))
    for (const round of range(4)) {
      for (const seq of range(10)) {
        phone.send(round === 4 && seq % 2 === 0 ? deleteOf(conversationId, seq) : editOf(conversationId, seq, `phone ${round}`))
        desk.send(editOf(conversationId, seq, `desk ${round}`))
      }
    }
    // What each asks last, of a message of its own: an answer about one of the others may be about an earlier round.
    phone.send(editOf(conversationId, 11, 'phone, after round 4'))
    desk.send(editOf(conversationId, 12, 'desk, after round 4'))
    const last = (seq: number) => ({ matches: (frame: ReceivedFrame) => frame['seq'] === seq })
    await Promise.all([phone.next('message:changed', last(11)), desk.next('message:changed', last(12))])
    const head = await headChange(app, conversationId)
    await eventually(() => peer.all('message:changed').length >= head, 'the peer has all')
    t.same(peer.all('message:changed').map((frame) => frame['change'] as number).toSorted((a, b) => a - b), range(head), 'each change once, none left out')
    t.ok([...phone.all('error'), ...desk.all('error')].every((frame) => frame['code'] === 'conflict'), 'an edit after a deletion is told so')
    const { items } = await historyOf(mitra, conversationId)
    const newest = new Map<number, ReceivedFrame>()
    for (const frame of peer.all('message:changed').toSorted((a, b) => a['change'] - b['change'])) newest.set(frame['seq'], frame)
    for (const item of items) t.match(newest.get(item.seq), { change: item.change, ...(item.deleted ? { deleted: true } : { body: item.body, editedAt: item.editedAt }) })
    t.equal(items.filter((item: { deleted?: true }) => item.deleted).length, 5)
    t.ok(items.every((item: { deleted?: true; body: string }) => item.deleted ?? item.body.endsWith(' 4')), 'a device’s changes are made in the order in which it asked')
    await Promise.all([phone.close(), desk.close(), peer.close()])
  })

  t.test('what can be refused at once waits behind nothing, and what waits is counted', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    await say(a, conversationId, 'one')
    const client = await app.replicas[0]!.ctx.pool.connect()
    await client.query('begin')
    await client.query('select from conversations where id = $1 for update', [conversationId])
    for (const n of range(100)) a.send(editOf(conversationId, 1, `edit ${n}`))
    await refused(t, a, editOf(conversationId, 1, ''), 'validation_failed')
    await refused(t, a, editOf(conversationId, 1, 'x'.repeat(4001)), 'message_too_long')
    await refused(t, a, editOf(conversationId, 1, 'one too many'), 'not_ready')
    t.equal(a.all('message:changed').length, 0)
    await client.query('commit')
    client.release()
    await b.next('message:changed', { matches: (frame) => frame['body'] === 'edit 100' })
    await eventually(() => a.all('message:changed').length === 100, 'all others are made')
    a.send(editOf(conversationId, 1, 'there is room again'))
    await a.next('message:changed', { matches: (frame) => frame['body'] === 'there is room again' })
    await Promise.all([a.close(), b.close()])
  })

  t.test('every backend of Postgres is terminated meanwhile: each change is stored once', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    await say(a, conversationId, 'one')
    const edits = range(40)
    for (const n of edits) {
      a.send(editOf(conversationId, 1, `edit ${n}`))
      if (n % 20 === 10) await app.db.terminateBackends()
      await eventually(() => a.frames.some((frame) => frame['body'] === `edit ${n}` || frame.type === 'error'), 'it is answered')
      if (a.all('error').length > 0) break
    }
    t.same(a.all('error'), [], 'a lost connection is not the client’s concern')
    t.equal(await headChange(app, conversationId), 40)
    await eventually(() => b.all('message:changed').at(-1)?.['body'] === 'edit 40', 'the peer has the last one')
    await Promise.all([a.close(), b.close()])
  })
})
