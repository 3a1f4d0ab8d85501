import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { pairUp, sendOf } from '../../testing/conversations.ts'
import type { Person } from '../../testing/people.ts'
import { connect, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from)

/** Messages as if they had been sent, each edited once; the changes run against the order of the messages. */
async function fillChanged(app: TestApp, conversationId: string, sender: Person, count: number, body: string): Promise<void> {
  await app.query(`insert into messages (conversation_id, seq, id, client_id, sender_id, body, edited_at, change)
    select $1, n, gen_random_uuid(), gen_random_uuid(), $2, ${body}, app_now(), $3::int + 1 - n from generate_series(1, $3::int) n`, [conversationId, sender.id, count])
  await app.query('update conversations set head_seq = $2, head_change = $2, head_at = app_now() where id = $1', [conversationId, count])
}

async function page(socket: TestSocket, id: string, afterSeq: number, afterChange?: number) {
  socket.send({ type: 'sync', conversations: [{ id, afterSeq, ...(afterChange === undefined ? {} : { afterChange }) }] })
  return socket.next('conversation:synced')
}

t.test('changes in sync', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false })

  t.test('what was missed, exactly, on the other replica; of several changes of one message the last', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    const [a, b] = await Promise.all([connect(customer), connect(mitra)])
    for (const body of ['one', 'two', 'three', 'four']) a.send(sendOf(conversationId, body))
    await eventually(() => b.all('message:received').length === 4, 'they arrive')
    const edit = async (seq: number, body: string) => {
      a.send({ type: 'message:edit', conversationId, seq, body })
      return a.next('message:changed')
    }
    await edit(1, 'eins')
    await b.next('message:changed')
    b.terminate()
    for (const body of ['zwei', 'deux', 'due']) await edit(2, body)
    await edit(4, 'vier')
    a.send({ type: 'message:delete', conversationId, seq: 3 })
    a.send({ type: 'message:delete', conversationId, seq: 4 })
    await a.next('message:changed', { matches: (frame) => frame['seq'] === 4 && frame['deleted'] === true })
    const back = await connect(mitra.on(0))
    t.match(back.ready['conversations'], [{ headSeq: 4, headChange: 7 }])
    const synced = await page(back, conversationId, 4, 1)
    t.match(synced, { messages: [], headSeq: 4, headChange: 7, hasMore: false })
    const { editedAt, ...second } = synced['changes'][0]
    t.strictSame([second, ...synced['changes'].slice(1)], [
      { conversationId, seq: 2, change: 4, body: 'due' }, { conversationId, seq: 3, change: 6, deleted: true }, { conversationId, seq: 4, change: 7, deleted: true },
    ])
    t.type(editedAt, 'string')
    t.match(await page(back, conversationId, 4, 7), { messages: [], changes: [], headChange: 7, hasMore: false })
    t.match(await page(back, conversationId, 4, 99), { changes: [], headChange: 7, hasMore: false })
    t.match(await page(back, conversationId, 0), { changes: [], messages: [{ body: 'eins', change: 1 }, { body: 'due', change: 4 }, { body: '', deleted: true }, { body: '', deleted: true, change: 7 }] }, 'without afterChange: messages as they are')
    back.send({ type: 'sync', conversations: [{ id: conversationId, afterSeq: 0, afterChange: -1 }] })
    t.match(await back.next('error'), { code: 'frame_invalid', of: 'sync' })
    await Promise.all([a.close(), back.close()])
  })

  t.test('hundreds of changes come in pages of at most 100, in their order', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await fillChanged(app, conversationId, customer, 250, `'m' || n`)
    const socket = await connect(mitra)
    const changes: number[] = []
    const sizes: number[] = []
    for (let more = true, afterChange = 0; more;) {
      const synced = await page(socket, conversationId, 250, afterChange)
      sizes.push(synced['changes'].length)
      for (const change of synced['changes'] as { seq: number; change: number; body: string }[]) {
        if (change.body !== `m${change.seq}` || change.change !== 251 - change.seq) t.fail('a change is not the one of its place')
        changes.push(change.change)
      }
      afterChange = changes.at(-1)!
      more = synced['hasMore']
    }
    t.same(changes, range(250))
    t.same(sizes, [100, 100, 50])
    await socket.close()
  })

  t.test('long changes and long messages share a page of 64 KiB, and every page goes on', async (t) => {
    const { customer, mitra, conversationId } = await pairUp(app)
    await fillChanged(app, conversationId, customer, 90, `repeat('🙂', 3900)`)
    const socket = await connect(mitra)
    const sizes: number[] = []
    socket.raw.on('message', (data: Buffer) => sizes.push(data.length))
    let [afterSeq, afterChange] = [0, 0]
    const seen = { messages: 0, changes: 0 }
    for (let more = true; more;) {
      const synced = await page(socket, conversationId, afterSeq, afterChange)
      t.ok(synced['messages'].length + synced['changes'].length > 0, 'no empty page')
      seen.messages += synced['messages'].length
      seen.changes += synced['changes'].length
      afterSeq = synced['messages'].at(-1)?.seq ?? afterSeq
      afterChange = synced['changes'].at(-1)?.change ?? synced['headChange']
      more = synced['hasMore']
    }
    t.same(seen, { messages: 90, changes: 90 })
    t.ok(Math.max(...sizes) <= 64 * 1024, `the largest page has ${Math.max(...sizes)} bytes`)
    await socket.close()
  })
})
