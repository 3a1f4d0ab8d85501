import { randomUUID } from 'node:crypto'
import { Redis } from 'iovalkey'
import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { connect } from '../../testing/socket.ts'
import { expect } from '../../testing/people.ts'
import { clearStage, reappear, stage, STAGE_SETTINGS, vanishUntilPaused, type Scene } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { sessionNote } from './contract.ts'

type Item = { seq: number; kind?: string; code?: string; data?: Record<string, unknown>; senderId: string | null; body: string; clientId: string; id: string }

async function history(scene: Scene): Promise<Item[]> {
  const { conversation_id: id } = await scene.row()
  return (await expect(200, scene.customer.call('GET', `/api/v1/conversations/${id}/messages?afterSeq=0&limit=100`))).body.items
}
const codes = (items: readonly Item[]) => items.map((item) => item.code ?? item.body)

async function pushesOfMessages(app: TestApp, scene: Scene): Promise<unknown[]> {
  return app.query(`select 1 from pushes where user_id = any($1::uuid[]) and data ->> 'kind' = 'message'`, [[scene.customer.id, scene.mitra.id]])
}

t.test('system messages', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, pushAfterSeconds: 1 } })
  t.beforeEach(() => clearStage(app))

  t.test('a session’s pause and return stand in its conversation, among the messages, in one dense order', async (t) => {
    const scene = await stage(app, 'active')
    const { conversation_id: conversationId } = await scene.row() as { conversation_id: string }
    const [a, b] = await Promise.all([connect(scene.customer.on(1)), connect(scene.mitra)])
    a.send({ type: 'message:send', conversationId, clientId: randomUUID(), body: 'halo' })
    t.equal((await a.next('message:ack'))['seq'], 1, 'the first message is a person’s')
    await scene.travel(300)
    await vanishUntilPaused(scene)
    await reappear(scene.mitra)
    await scene.until('active')
    await expect(200, scene.mitra.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    for (const socket of [a, b]) await socket.next('message:received', { matches: (frame) => frame['code'] === 'session_resumed' })
    const items = await history(scene)
    t.same(items.map((item) => item.seq), [1, 2, 3])
    t.same(codes(items), ['halo', 'session_paused', 'session_resumed'])
    for (const item of items.filter((one) => one.kind === 'system')) {
      t.match(item, { conversationId, senderId: null, body: '', clientId: item.id })
      t.ok(sessionNote.safeParse({ code: item.code, data: item.data }).success, `${item.code} has its data`)
      t.equal(item.data?.['sessionId'], scene.sessionId)
    }
    // Events of several replicas overtake each other: their places are their order.
    const live = () => b.all('message:received').map(({ type: _type, ...message }) => message)
    await eventually(() => live().length >= 3, 'all of them arrive')
    t.strictSame(live().toSorted((x, y) => x['seq'] - y['seq']), items, 'live as in the history, each once')
    a.send({ type: 'sync', conversations: [{ id: conversationId, afterSeq: 0 }] })
    t.strictSame((await a.next('conversation:synced'))['messages'], items, 'and in sync')
    await Promise.all([a.close(), b.close()])
  })

  t.test('they are nobody’s to change, no unread messages, and never pushed as messages', async (t) => {
    const scene = await stage(app, 'paused')
    const { conversation_id: conversationId } = await scene.row()
    const list = async () => (await expect(200, scene.customer.call('GET', '/api/v1/conversations'))).body.items[0]
    t.match(await list(), { id: conversationId, headSeq: 1, readSeq: 1 })
    for (const person of [scene.customer, scene.mitra]) {
      t.match(await person.call('DELETE', `/api/v1/conversations/${conversationId}/messages/1`), { status: 404, body: { code: 'not_found' } })
      t.match(await person.call('PATCH', `/api/v1/conversations/${conversationId}/messages/1`, { body: { body: 'x' } }), { status: 404, body: { code: 'not_found' } })
      for (const extra of [{ kind: 'system' }, { code: 'session_paused' }, { senderId: null }]) {
        t.match(await person.call('POST', `/api/v1/conversations/${conversationId}/messages`, { body: { clientId: randomUUID(), body: 'x', ...extra } }), { status: 400, body: { code: 'validation_failed' } })
      }
    }
    await app.clock.advance(2)
    await eventually(async () => (await app.query('select 1 from conversation_members where conversation_id = $1 and pushed_seq >= 1', [conversationId])).length === 2, 'the sweep has passed it')
    t.same(await pushesOfMessages(app, scene), [])
  })

  t.test('they are healed, also when the conversation closed meanwhile', async (t) => {
    const scene = await stage(app, 'active')
    const { conversation_id: conversationId } = await scene.row()
    const [a, b] = await Promise.all([connect(scene.customer), connect(scene.mitra.on(1))])
    const valkey = new Redis(app.valkey.url)
    t.teardown(() => valkey.disconnect())
    await valkey.call('ACL', 'SETUSER', 'default', '-publish')
    await scene.travel(300)
    await vanishUntilPaused(scene)
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    for (const socket of [a, b]) t.match(await socket.next('message:received', { matches: (frame) => frame['code'] === 'session_paused' }), { conversationId, seq: 1 })
    t.same(codes(await history(scene)), ['session_paused'])
    await Promise.all([a.close(), b.close()])
  })
})
