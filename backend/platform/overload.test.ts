import t from 'tap'
import { startTestApp } from '../testing/app.ts'
import { call } from '../testing/http.ts'
import { customer } from '../testing/people.ts'
import { connect } from '../testing/socket.ts'
import { eventually } from '../testing/wait.ts'

const MOST = 10

t.test('beyond what is worked on at once a request is refused at the door, and what must go on goes on', async (t) => {
  let waiting = 0
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const app = await startTestApp(t, {
    settings: { requestsMost: MOST },
    mount(_ctx, { publicApp, internalApp }) {
      for (const listener of [publicApp, internalApp]) {
        listener.get('/test/waits', { config: { access: 'public', limit: 'none' } }, async () => {
          waiting++
          await released
          return { ok: true }
        })
      }
    },
  })
  const who = await customer(app)
  const socket = await connect(who)
  const under = Array.from({ length: MOST }, () => call(app.url, 'GET', '/test/waits'))
  await eventually(() => waiting === MOST, 'all are under way')

  const refused = await who.call('GET', '/api/v1/me')
  t.match(refused, { status: 503, body: { code: 'overloaded', status: 503, instance: '/api/v1/me', requestId: String }, headers: { 'content-type': /problem\+json/, 'retry-after': /^[1-5]$/, 'x-content-type-options': 'nosniff' } })
  t.match(await who.call('POST', '/api/v1/me/consents', { body: { document: 'terms', version: 'x'.repeat(100) } }), { status: 503, body: { code: 'overloaded' }, headers: { connection: 'close' } })
  for (const path of ['/health', '/ready', '/api/v1/app-config']) t.equal((await call(app.url, 'GET', path)).status, 200, path)
  t.equal((await call(app.url, 'POST', '/webhooks/xendit/invoice', { body: {}, headers: { 'x-callback-token': 'wrong' } })).status, 401, 'money is still told')
  socket.send({ type: 'heartbeat' })
  await socket.next('heartbeat')
  await (await connect(who)).close()
  t.equal((await call(app.internalUrl, 'GET', '/internal/v1/auth/me')).status, 401, 'staff can still work')

  release()
  t.same((await Promise.all(under)).map(({ status }) => status), Array.from({ length: MOST }, () => 200), 'what was let in is answered')
  t.equal((await eventually(async () => {
    const answer = await who.call('GET', '/api/v1/me')
    return answer.status === 200 ? answer : undefined
  }, 'there is room again')).status, 200)
  t.match(await (await fetch(`${app.internalUrl}/metrics`)).text(), /rate_limited_total\{limit="requestsMost"\} 2/)
  await socket.close()
})
