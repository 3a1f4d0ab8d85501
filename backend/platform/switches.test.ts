import { randomUUID } from 'node:crypto'
import t from 'tap'
import { drainPushes } from '../modules/channels/index.ts'
import { startTestApp } from '../testing/app.ts'
import { startFaultProxy } from '../testing/fault-proxy.ts'
import { call } from '../testing/http.ts'
import { customer, expect, newPhone, signIn } from '../testing/people.ts'
import { connect, openSocket } from '../testing/socket.ts'
import { newKey, packageOf, reappear, stage, STAGE_SETTINGS, startSession, vanish } from '../testing/stage.ts'
import { staffOf } from '../testing/staff.ts'
import { eventually } from '../testing/wait.ts'

const path = (key: string) => `/internal/v1/settings/${key}`

t.test('maintenance and kill switches', async (t) => {
  const gate = await startFaultProxy(t)
  const app = await startTestApp(t, { replicas: 2, through: { valkey: gate }, settings: { ...STAGE_SETTINGS, anonymousRequests: 1_000_000 } })
  const [admin, viewer] = await Promise.all([staffOf(app, 'admin'), staffOf(app, 'viewer')])
  const urls = app.replicas.map(({ url }) => url)
  const turn = (key: string, value: unknown) => expect(200, admin.call('PUT', path(key), { value, reason: `the test turns ${key}` }))
  const everywhere = (key: 'maintenance' | 'newSessionsClosed' | 'signUpClosed' | 'paymentsClosed' | 'pushesClosed', value: boolean) =>
    eventually(() => app.replicas.every(({ ctx }) => ctx.settings.get(key) === value), `${key} is ${value} on both replicas`)
  const inventory = app.replicas[0]!.publicApp.inventory

  t.test('a maintenance closes every route of both replicas but those that must go on, and says what staff say', async (t) => {
    const [one, other] = [await customer(app), await customer(app, { replica: 1 })]
    const sockets = [await connect(one), await connect(other)]
    t.match(await admin.call('PUT', path('maintenance'), { value: true }), { status: 400, body: { code: 'validation_failed', errors: [{ path: 'reason' }] } }, 'not without a reason')
    t.match(await viewer.call('PUT', path('maintenance'), { value: true, reason: 'I may not' }), { status: 403 })
    await turn('maintenanceMessageId', 'Kami pindah rumah.')
    await turn('maintenanceMinutes', 30)
    await turn('maintenance', true)
    const [told] = await Promise.all(sockets.map((socket) => socket.next('config:updated', { matches: (frame) => frame['maintenance'] })))
    t.match(told, { maintenanceMessages: { id: 'Kami pindah rumah.', en: String }, maintenanceUntil: /Z$/ })
    for (const socket of sockets) t.match(await socket.closed, { code: 4503, reason: /^maintenance; reconnectAfterMs=\d+$/ })
    await t.rejects(openSocket(urls[1]!, { token: other.token }), /503/)

    const closed = inventory.filter(({ config }) => config?.alwaysOpen !== true)
    t.ok(closed.length > 60)
    const answers = await Promise.all(closed.map(async (route, index) => call(urls[index % 2]!, route.method, route.url.replaceAll(/:\w+/g, randomUUID()), { token: one.token })))
    t.same(answers.flatMap(({ status }, index) => (status === 503 ? [] : [`${closed[index]!.method} ${closed[index]!.url}: ${status}`])), [])
    const [answer] = answers.filter(({ body }) => body !== undefined)
    t.match(answer, { body: { code: 'maintenance', messages: { id: 'Kami pindah rumah.' }, until: told!['maintenanceUntil'] } })
    const retry = Number(answer!.headers['retry-after'])
    t.ok(retry > 60 && retry <= 30 * 60 + 31, `${retry} s: about the end that was told`)

    t.same(inventory.filter(({ config, method }) => config?.alwaysOpen === true && method !== 'HEAD').map(({ url }) => url).toSorted(), [
      '/api/v1/app-config', '/health', '/payment/return/failure', '/payment/return/success', '/ready', '/webhooks/xendit/invoice', '/webhooks/xendit/payout', '/webhooks/xendit/refund',
    ])
    for (const open of ['/health', '/ready', '/api/v1/app-config']) t.equal((await call(urls[1]!, 'GET', open)).status, 200, open)
    t.not((await call(urls[1]!, 'GET', '/payment/return/success')).status, 503)
    t.equal((await call(urls[1]!, 'POST', '/webhooks/xendit/invoice', { body: {}, headers: { 'x-callback-token': 'wrong' } })).status, 401, 'money is still told')
    const list = await expect(200, viewer.call('GET', '/internal/v1/switches', undefined, { url: app.replicas[1]!.internalUrl }))
    t.match(list.body.items.find(({ key }: { key: string }) => key === 'maintenance'), { isThrown: true, changedBy: admin.id, reason: 'the test turns maintenance', version: 1 })
    t.match(list.body, { maintenance: { until: told!['maintenanceUntil'] }, names: { [admin.id]: { kind: 'staff' } } })
    t.match(await app.query(`select actor_id, reason, details from audit_log where act = 'setting.changed' and target_id = 'maintenance'`), [{ actor_id: admin.id, reason: 'the test turns maintenance', details: { from: false, to: true } }])

    await turn('maintenance', false)
    await everywhere('maintenance', false)
    const back = await connect(other)
    t.equal((await other.call('GET', '/api/v1/me')).status, 200)
    await back.close()
  })

  t.test('with Valkey away the other replica closes too', async (t) => {
    const who = await customer(app, { replica: 1 })
    const socket = await connect(who)
    gate.cut()
    await turn('maintenance', true)
    t.equal((await socket.closed).code, 4503)
    t.equal((await who.call('GET', '/api/v1/me')).status, 503)
    await turn('maintenance', false)
    await everywhere('maintenance', false)
    gate.open()
    await eventually(() => app.replicas.every(({ ctx }) => ctx.valkey.isUp()), 'Valkey is back')
  })

  t.test('a session pauses as of when its mitra was last heard, and its end moves by the maintenance', async (t) => {
    const scene = await stage(app, 'active')
    await scene.travel(120)
    await vanish(app, scene.mitra, 16)
    t.equal((await scene.row()).state, 'active', 'sixteen seconds are no absence')
    await turn('maintenance', true)
    const paused = await scene.until('paused')
    const [seen] = await app.query<{ last_seen_at: Date }>('select last_seen_at from mitras where user_id = $1', [scene.mitra.id])
    t.same(paused['paused_at'], seen!.last_seen_at)
    await turn('maintenance', false)
    await everywhere('maintenance', false)
    await reappear(scene.mitra)
    const active = await scene.until('active')
    t.ok((active['ends_at'] as Date).getTime() - (paused['ends_at'] as Date).getTime() >= 16_000, 'not a second was lost')
  })

  t.test('no new session and no extension; what has begun goes on', async (t) => {
    const [scene, who] = [await stage(app, 'active'), await customer(app)]
    const { id: packageId } = await packageOf(app, 15)
    const key = newKey()
    const begun = await customer(app)
    const ask = () => begun.call('POST', '/api/v1/sessions', { body: { packageId }, headers: { 'idempotency-key': key } })
    await expect(201, ask())
    await turn('newSessionsClosed', true)
    await everywhere('newSessionsClosed', true)
    t.match(await startSession(who, { packageId }), { status: 503, body: { code: 'sessions_closed' }, headers: { 'retry-after': '300' } })
    t.match(await scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/extend`, { body: { packageId }, headers: { 'idempotency-key': newKey() } }), { status: 503, body: { code: 'sessions_closed' } })
    t.equal((await ask()).status, 201, 'a request that is made again finds what it made')
    t.match((await who.call('GET', '/api/v1/app-config')).body, { features: { newSessions: false, signUp: true } })
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    await turn('newSessionsClosed', false)
    await everywhere('newSessionsClosed', false)
  })

  t.test('who has an account signs in while nobody makes one', async (t) => {
    const known = await signIn(app, { kind: 'customer' })
    await turn('signUpClosed', true)
    await everywhere('signUpClosed', true)
    t.equal((await signIn(app, { kind: 'customer', phone: await again(known.phone) })).id, known.id)
    const phone = newPhone()
    const { body } = await expect(202, call(app.url, 'POST', '/api/v1/auth/otp/request', { body: { phone, kind: 'customer' } }))
    const verify = (code: string) => call(app.url, 'POST', '/api/v1/auth/otp/verify', { body: { challengeId: body.challengeId, code } })
    t.equal((await verify('111111')).body.code, 'otp_invalid', 'nobody learns whose number is known')
    t.match(await verify('000000'), { status: 503, body: { code: 'sign_up_closed' } })
    await turn('signUpClosed', false)
    await everywhere('signUpClosed', false)
    t.equal((await signIn(app, { kind: 'customer', phone: await again(phone) })).phone, phone)
  })

  t.test('nothing new is charged while payments are closed, and what was begun is paid', async (t) => {
    const [held, who] = [await stage(app, 'held'), await customer(app)]
    const { id: packageId } = await packageOf(app, 15)
    await turn('paymentsClosed', true)
    await everywhere('paymentsClosed', true)
    t.match(await startSession(who, { packageId }), { status: 503, body: { code: 'payments_disabled' } })
    t.match((await who.call('GET', '/api/v1/app-config')).body, { features: { payments: false } })
    await held.payInvoice()
    await held.until('ringing')
    await turn('paymentsClosed', false)
    await everywhere('paymentsClosed', false)
  })

  t.test('pushes wait while they are closed; what is not stale is sent afterwards', async (t) => {
    await turn('pushesClosed', true)
    await everywhere('pushesClosed', true)
    const who = await customer(app)
    await expect(201, who.call('POST', '/api/v1/me/devices', { body: { token: 'of-closed-pushes', platform: 'ios' } }))
    const [fresh, stale] = [randomUUID(), randomUUID()]
    await app.query(`insert into pushes (id, user_id, kind, dedupe_key, title, body, data, tag, high_priority, expires_at)
      select id, $1, 'session', id::text, 'Halo', 'Halo', '{"kind":"session"}'::jsonb, 'session:1', false, app_now() + make_interval(secs => left_seconds)
      from (values ($2::uuid, 600), ($3::uuid, 0)) as r(id, left_seconds)`, [who.id, fresh, stale])
    t.equal(await drainPushes(app.replicas[0]!.ctx, 'normal'), 0, 'nobody takes it')
    const states = async () => Object.fromEntries((await app.query<{ id: string; state: string; reason: string | null }>('select id, state, reason from pushes where user_id = $1 and tag = $2', [who.id, 'session:1'])).map(({ id, state, reason }) => [id, reason ?? state]))
    t.same(await states(), { [fresh]: 'queued', [stale]: 'queued' })
    await turn('pushesClosed', false)
    await eventually(async () => Object.values(await states()).every((state) => state !== 'queued'), 'both are settled')
    t.same(await states(), { [fresh]: 'sent', [stale]: 'expired' })
  })

  /** The number may have its next code at once. */
  async function again(phone: string): Promise<string> {
    await app.query(`update otp_challenges set resend_at = app_now(), created_at = created_at - interval '2 minutes'`)
    return phone
  }
})
