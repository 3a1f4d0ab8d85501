import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import pg from 'pg'
import t, { type Test } from 'tap'
import { v7 } from 'uuid'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { messagesIn, pairUp, sendOf } from '../../testing/conversations.ts'
import { crowd } from '../../testing/crowd.ts'
import { signIn, type Person } from '../../testing/people.ts'
import { connect, openSocket, type TestSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

const HERD = 150

/** Pairs with a conversation each, made by rows. */
async function pairs(app: TestApp, people: readonly Person[]): Promise<string[]> {
  const ids = Array.from({ length: people.length / 2 }, () => v7())
  await app.query(`insert into conversations (id, writable_until) select id, app_now() + interval '1 hour' from unnest($1::uuid[]) as id`, [ids])
  await app.query('insert into conversation_members (conversation_id, user_id) select * from unnest($1::uuid[], $2::uuid[])', [people.map((_, at) => ids[at >> 1]), people.map((person) => person.id)])
  return people.map((_, at) => ids[at >> 1]!)
}

/** A client that reads, and answers nothing. */
async function openUnanswering(t: Test, url: string, more: Record<string, string>) {
  const upgrade = request(`${url}/api/v1/realtime`, { headers: { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64'), ...more } }).end()
  const [, socket, head] = await once(upgrade, 'upgrade') as [unknown, Socket, Buffer]
  t.after(() => socket.destroy())
  const heard = { closeCode: 0, isEnded: false }
  let received = head
  const look = (data: Buffer) => {
    received = Buffer.concat([received, data])
    const at = received.indexOf(0x88)
    if (at !== -1 && received.length >= at + 4) heard.closeCode = received.readUInt16BE(at + 2)
  }
  look(Buffer.alloc(0))
  socket.on('data', look).on('end', () => (heard.isEnded = true)).on('error', () => (heard.isEnded = true))
  return { socket, heard }
}

t.test('coming back', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { socketsPerUser: 3, strangersPerIp: 1, authenticateSeconds: 60 }, env: { TRUST_PROXY: '127.0.0.1' } }) // strangers: × 100 in development

  t.test('a herd that is cut at once is back and resumed, and others send on meanwhile', async (t) => {
    const people = await crowd(app, { kind: 'customer', count: HERD })
    const conversationOf = await pairs(app, people)
    const herd = await Promise.all(people.map((person) => connect(person)))
    const talking = await pairUp(app)
    const [a, b] = await Promise.all([connect(talking.customer), connect(talking.mitra)])
    for (const socket of herd) socket.terminate()
    // What everybody misses.
    await app.query(`with moved as (update conversations set head_seq = 1, head_at = app_now() where id = any($1) returning id)
      insert into messages (conversation_id, seq, id, client_id, sender_id, body, sent_at) select id, 1, gen_random_uuid(), gen_random_uuid(), $2, 'missed', app_now() from moved`, [[...new Set(conversationOf)], people[0]!.id])
    const resume = async (person: Person, at: number) => {
      const socket = await connect(person.on((at + 1) % 2))
      socket.send({ type: 'sync', conversations: [{ id: conversationOf[at], afterSeq: 0 }] })
      const { messages } = await socket.next('conversation:synced', { withinMs: 30_000 })
      return { socket, missed: (messages as { body: string }[]).map((message) => message.body) }
    }
    const sends = Promise.all(Array.from({ length: 30 }, async (_, n) => {
      a.send(sendOf(talking.conversationId, `m${n}`))
      await Promise.all([a.next('message:ack'), b.next('message:received')])
    }))
    const resumed = await Promise.all(people.map(resume))
    await sends
    t.equal(resumed.filter(({ missed }) => missed.join() === 'missed').length, HERD, 'each on the other replica, with what it missed')
    t.equal((await messagesIn(app, talking.conversationId)).length, 30)
    await Promise.all([a, b, ...resumed.map(({ socket }) => socket)].map((socket) => socket.close()))
  })

  t.test('one socket more than a person may have closes their oldest', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const sockets: TestSocket[] = []
    for (let n = 0; n < 4; n++) sockets.push(await connect(person))
    const elsewhere = await connect(person.on(1))
    t.equal((await sockets[0]!.closed).code, 4409)
    t.ok([...sockets.slice(1), elsewhere].every((socket) => socket.isOpen()))
    await Promise.all([...sockets, elsewhere].map((socket) => socket.close()))
  })

  t.test('one address has so many sockets that have not authenticated; others are not its business', async (t) => {
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
    const person = await signIn(app, { kind: 'customer' })
    const strangers = await Promise.all(Array.from({ length: 100 }, () => openSocket(app.url, from('203.0.113.7'))))
    await t.rejects(openSocket(app.url, from('203.0.113.7')), /429/)
    for (const authorization of ['Basic eDp5', 'Bearer garbage', `Bearer ${person.token.slice(0, -4)}AAAA`]) {
      await t.rejects(openSocket(app.url, { headers: { ...from('203.0.113.7').headers, authorization } }), /429/, 'a header that proves nothing makes nobody known')
    }
    const known = await openSocket(app.url, { token: person.token, ...from('203.0.113.7') })
    await known.next('ready')
    const other = await openSocket(app.url, from('203.0.113.8'))
    for (const socket of strangers) socket.terminate()
    await eventually(() => openSocket(app.url, from('203.0.113.7')).then((socket) => socket.close(), () => undefined), 'who goes makes room')
    await Promise.all([known.close(), other.close()])
  })
})

t.test('while many wait for their ready nobody else is let in; then everybody is', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { readyWaitingMax: 2 } })
  const people = await crowd(app, { kind: 'customer', count: 8 })
  const owner = new pg.Client({ connectionString: app.db.ownerUrl })
  await owner.connect()
  await owner.query('begin; lock table conversation_members in access exclusive mode')
  const inside: TestSocket[] = []
  const refused = await eventually(async () => {
    const socket = await openSocket(app.url, { token: people[inside.length % people.length]!.token }).catch((error: unknown) => String(error))
    if (typeof socket === 'string') return socket
    inside.push(socket)
    return undefined
  }, 'somebody is refused')
  t.match(refused, /503/)
  const { metrics } = app.replicas[0]!.ctx
  t.ok((await metrics.readyWaiting.get()).values[0]!.value >= 2, 'they are counted')
  t.match((await metrics.rateLimited.get()).values, [{ labels: { limit: 'readyWaitingMax' } }])
  await owner.query('commit')
  await owner.end()
  await Promise.all(inside.map((socket) => socket.next('ready', { withinMs: 30_000 })))
  await (await connect(people[0]!)).close()
  await Promise.all(inside.map((socket) => socket.close()))
})

t.test('who is not let in and does not answer the close is cut soon', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { authenticateSeconds: 60 } })
  const strangers = await Promise.all([openUnanswering(t, app.url, { authorization: 'Bearer garbage' }), openUnanswering(t, app.url, {})])
  // A frame of one byte, masked by zeros: no authenticate.
  strangers[1].socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]))
  await eventually(() => strangers.every(({ heard }) => heard.closeCode === 4401), 'both are told')
  await eventually(() => strangers.every(({ heard }) => heard.isEnded), 'and cut, long before a client that was let in')
})

t.test('opening sockets has a budget by address', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { socketRequests: 1 } }) // × 100 in development
  const sockets = await Promise.all(Array.from({ length: 100 }, () => openSocket(app.url)))
  await t.rejects(openSocket(app.url), /429/)
  for (const socket of sockets) socket.terminate()
  await t.rejects(openSocket(app.url), /429/, 'closing them makes no room: opening is what costs')
})
