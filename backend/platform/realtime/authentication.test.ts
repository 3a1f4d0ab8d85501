import { randomUUID } from 'node:crypto'
import { ServerResponse } from 'node:http'
import { queryObjects } from 'node:v8'
import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { pairUp, sendOf } from '../../testing/conversations.ts'
import { signIn } from '../../testing/people.ts'
import { connect, openSocket } from '../../testing/socket.ts'
import { eventually } from '../../testing/wait.ts'

t.test('who a socket is', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { authenticateSeconds: 5, pingSeconds: 1 }, env: { ALLOWED_ORIGINS: 'https://apps.example' } })

  // The first of all, while a replica has to ask Postgres for the time that `authenticated` tells.
  t.test('nothing that is published comes before `authenticated`', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const speaking = new AbortController()
    const talk = (async () => {
      while (!speaking.signal.aborted) {
        for (const { ctx } of app.replicas) ctx.publish([person.id], { type: 'settings:told' })
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    const firsts = await Promise.all([0, 0, 0, 1, 1, 1].map(async (replica) => (await connect(person.on(replica))).frames[0]!.type))
    speaking.abort()
    await talk
    t.same(new Set(firsts), new Set(['authenticated']))
  })

  t.test('the token in the upgrade, or in the first frame: authenticated, then ready', async (t) => {
    const person = await signIn(app, { kind: 'mitra' })
    for (const by of ['header', 'frame'] as const) {
      const socket = await connect(person, { by })
      t.same(socket.frames.map((frame) => frame.type), ['authenticated', 'ready'])
      t.match(socket.frames[0], { userId: person.id, kind: 'mitra', serverTime: /^\d{4}-.*Z$/, heartbeatSeconds: 30, reconnectAfterMs: Number })
      t.match(socket.ready, { sessions: [], offers: [], conversations: [], hasMore: false })
      const now = await app.clock.now()
      t.ok(Math.abs(new Date(socket.frames[0]!['serverTime']).getTime() - now.getTime()) < 15_000, 'serverTime is the database’s')
      await socket.close()
    }
  })

  t.test('frames sent before the answer to the token are not lost', async (t) => {
    const { customer, conversationId } = await pairUp(app)
    const socket = await openSocket(customer.url)
    socket.send({ type: 'authenticate', token: customer.token })
    socket.send(sendOf(conversationId, 'at once'))
    socket.send({ type: 'heartbeat' })
    t.equal((await socket.next('message:ack'))['seq'], 1)
    await socket.next('heartbeat')
    t.equal(socket.frames[0]!.type, 'authenticated')
    await socket.close()
  })

  t.test('an open socket keeps nothing of its upgrade', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const responses = () => queryObjects(ServerResponse, { format: 'count' })
    await (await connect(person)).close()
    const before = responses()
    const sockets = await Promise.all(Array.from({ length: 5 }, () => connect(person)))
    t.ok(responses() <= before, 'no response, and so no request')
    for (const socket of sockets) await socket.close()
  })

  t.test('a token in the URL is none', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const socket = await openSocket(app.url, { path: `/api/v1/realtime?token=${person.token}` })
    socket.send({ type: 'heartbeat' })
    t.match(await socket.next('error'), { code: 'unauthenticated' })
    t.equal((await socket.closed).code, 4401)
  })

  t.test('no token in time: 4408', async (t) => {
    const socket = await openSocket(app.url)
    t.equal((await socket.closed).code, 4408)
  })

  t.test('a token that is none, and a first frame that is no authenticate: 4401', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const forged = `${person.token.slice(0, -6)}AAAAAA`
    const byHeader = await openSocket(app.url, { token: forged })
    t.match(await byHeader.next('error'), { code: 'unauthenticated', of: 'authenticate' })
    t.equal((await byHeader.closed).code, 4401)
    for (const first of [{ type: 'authenticate', token: forged }, { type: 'authenticate' }, { type: 'authenticate', token: person.token, more: 1 }, 'not json', '[]', '"authenticate"']) {
      const socket = await openSocket(app.url)
      socket.send(first)
      t.equal((await socket.closed).code, 4401, JSON.stringify(first).slice(0, 40))
    }
  })

  t.test('an Origin must be allowed where there is one', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    for (const origin of ['https://apps.example', app.url]) {
      const socket = await openSocket(app.url, { token: person.token, headers: { origin } })
      await socket.next('ready')
      await socket.close()
    }
    for (const origin of ['https://evil.example', 'null', 'https://apps.example.evil.example']) {
      await t.rejects(openSocket(app.url, { token: person.token, headers: { origin } }), /403/, origin)
    }
  })

  t.test('without an upgrade there is nothing; and no socket anywhere else', async (t) => {
    t.match(await call(app.url, 'GET', '/api/v1/realtime'), { status: 404, body: { code: 'not_found' } })
    await t.rejects(openSocket(app.url, { path: '/api/v1/other' }), /404/)
    await t.rejects(openSocket(app.internalUrl), /refused|socket hang up|ECONNRESET/)
  })

  t.test('a new token before the old one ends keeps the socket; another person’s does not change it', async (t) => {
    const [person, other] = await Promise.all([signIn(app, { kind: 'customer' }), signIn(app, { kind: 'customer' })])
    const [kept, left] = await Promise.all([connect(person), connect(person)])
    kept.send({ type: 'authenticate', token: other.token })
    t.match(await kept.next('error'), { code: 'forbidden', of: 'authenticate' })
    kept.send({ type: 'authenticate', token: 'nonsense' })
    t.match(await kept.next('error'), { code: 'unauthenticated', of: 'authenticate' })
    await app.clock.advance(600)
    const refreshed = await call(app.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: person.refreshToken } })
    kept.send({ type: 'authenticate', token: refreshed.body.accessToken })
    t.match(await kept.next('authenticated'), { userId: person.id })
    await app.clock.advance(301)
    kept.send({ type: 'heartbeat' })
    left.send({ type: 'heartbeat' })
    await Promise.all([kept.next('heartbeat'), left.next('heartbeat')])
    t.ok(left.isOpen(), 'within the 60 s after its end a token still serves')
    await app.clock.advance(60)
    t.equal((await left.closed).code, 4401)
    t.ok(kept.isOpen())
    t.equal(kept.all('ready').length, 1, 'ready comes the first time only')
    await kept.close()
  })

  t.test('revocation reaches sockets on the other replica, and only those of that sign-in', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const again = await signIn(app, { kind: 'customer', phone: (await signIn(app, { kind: 'customer' })).phone })
    const [own, others] = await Promise.all([connect(person.on(1)), connect(again.on(1))])
    t.equal((await person.call('POST', '/api/v1/auth/logout-all')).status < 300, true)
    t.equal((await own.closed).code, 4403)
    t.ok(others.isOpen())
    const late = await openSocket(app.replicas[1]!.url, { token: person.token })
    t.equal((await late.closed).code, 4401, 'and lets nobody in again')
    await others.close()
  })

  t.test('revocation with Valkey away', async (t) => {
    const person = await signIn(app, { kind: 'customer' })
    const socket = await connect(person.on(1))
    app.valkey.kill('SIGSTOP')
    t.teardown(() => app.valkey.kill('SIGCONT'))
    const startedAt = performance.now()
    t.ok((await person.call('POST', '/api/v1/auth/logout-all')).status < 300)
    t.equal((await socket.closed).code, 4403)
    t.comment(`closed after ${Math.round(performance.now() - startedAt)} ms`)
    app.valkey.kill('SIGCONT')
  })

  t.test('who makes no sound is gone; who answers pings stays', async (t) => {
    const [dead, alive] = await Promise.all([signIn(app, { kind: 'customer' }), signIn(app, { kind: 'customer' })])
    const silent = await openSocket(app.url, { token: dead.token, ws: { autoPong: false } })
    const answering = await connect(alive)
    t.equal((await silent.closed).code, 1006, 'cut, because nobody would answer a close')
    await eventually(() => app.replicas[0]!.realtime.hub.socketsOf(dead.id).length === 0, 'it is forgotten')
    t.ok(answering.isOpen())
    await answering.close()
  })

  t.test('who is suspended or banned loses the sockets on every replica', async (t) => {
    for (const sanction of [`suspended_until = app_now() + interval '1 hour'`, 'banned_at = app_now()']) {
      const person = await signIn(app, { kind: 'customer' })
      const sockets = await Promise.all([connect(person.on(0)), connect(person.on(1))])
      await app.query(`update users set ${sanction} where id = $1`, [person.id])
      for (const socket of sockets) t.equal((await socket.closed).code, 4403, sanction)
      t.match(await (await openSocket(app.url, { token: person.token })).next('error'), { code: 'account_suspended' })
    }
  })

  t.test('a sign of life of the mitra by any frame', async () => {
    const mitra = await signIn(app, { kind: 'mitra', replica: 1 })
    await app.query(`insert into mitras (user_id, status, last_seen_at) values ($1, 'approved', app_now() - interval '1 hour') on conflict (user_id) do update set last_seen_at = excluded.last_seen_at`, [mitra.id])
    const socket = await connect(mitra)
    socket.send({ type: 'typing:stop', conversationId: randomUUID() })
    await eventually(async () => (await app.query(`select 1 from mitras where user_id = $1 and last_seen_at > app_now() - interval '1 minute'`, [mitra.id]))[0], 'last_seen_at is written')
    await socket.close()
  })

  t.test('opening a socket is a sign of life, by either way to sign in', async () => {
    for (const by of ['header', 'frame'] as const) {
      const mitra = await signIn(app, { kind: 'mitra', replica: 1 })
      await app.query(`insert into mitras (user_id, status, last_seen_at) values ($1, 'approved', app_now() - interval '1 hour')`, [mitra.id])
      const socket = await connect(mitra, { by })
      await eventually(async () => (await app.query(`select 1 from mitras where user_id = $1 and last_seen_at > app_now() - interval '1 minute'`, [mitra.id]))[0], `signing in by ${by} is seen`)
      await socket.close()
    }
  })
})
