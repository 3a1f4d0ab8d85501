import t from 'tap'
import { call, startTestApp } from '../testing/app.ts'
import { isOlder } from './version-gate.ts'

t.test('outdated apps are asked to update, and learn where they stand', async (t) => {
  const app = await startTestApp(t, { settings: { customerMinVersion: '2.1.0', customerLatestVersion: '2.4.1', mitraMinVersion: '1.0.0', mitraLatestVersion: '1.9.0' } })
  const ask = async (version?: string, path = '/api/v1/packages') => call(app.url, 'GET', path, version === undefined ? {} : { headers: { 'x-app-version': version } })

  for (const version of ['customer/2.0.9+android', 'client_app/1.9+ios', 'customer/2', 'mitra/0.9.9+ios', 'mitra_app/0.99.99']) {
    t.match(await ask(version), { status: 426, body: { code: 'app_update_required' } }, version)
  }
  for (const version of ['customer/2.1.0+android', 'customer/2.1.0-beta.1+ios', 'client_app/10.0.0', 'mitra/1.0.0+ios', undefined, 'somebody/0.0.1', 'customer/x.y', '']) {
    t.equal((await ask(version)).status, 200, String(version))
  }
  t.equal((await ask('customer/0.0.1', '/health')).status, 200)

  const config = await ask('customer/0.0.1', '/api/v1/app-config?app=customer&platform=android&version=2.0.0')
  t.match(config, {
    status: 200,
    body: {
      minVersion: '2.1.0', latestVersion: '2.4.1', updateRequired: true, maintenance: false, features: { payments: true },
      terms: { version: String, url: String }, support: { url: String }, serverTime: /^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/,
    },
  })
  t.match((await ask(undefined, '/api/v1/app-config?app=mitra_app&version=1.2.0+7')).body, { minVersion: '1.0.0', latestVersion: '1.9.0', updateRequired: false })
  t.equal((await ask(undefined, '/api/v1/app-config?app=other')).status, 400)

  await app.clock.advance(3600)
  const { serverTime } = (await ask(undefined, '/api/v1/app-config')).body
  t.ok(Math.abs(new Date(serverTime).getTime() - (await app.clock.now()).getTime()) < 60_000, 'the time is that of Postgres, by which sessions end')
})

t.test('maintenance closes everything but what tells about it', async (t) => {
  const app = await startTestApp(t, { settings: { maintenance: true } })
  t.match(await call(app.url, 'GET', '/api/v1/packages'), { status: 503, body: { code: 'maintenance' }, headers: { 'retry-after': /\d+/ } })
  t.match(await call(app.url, 'POST', '/api/v1/auth/otp/request', { body: { phone: '+628121234567', kind: 'customer' } }), { status: 503, body: { code: 'maintenance' } })
  for (const path of ['/health', '/ready']) t.equal((await call(app.url, 'GET', path)).status, 200, path)
  t.match((await call(app.url, 'GET', '/api/v1/app-config')).body, { maintenance: true })
  t.equal((await call(app.url, 'POST', '/webhooks/xendit/invoice', { body: {}, headers: { 'x-callback-token': 'wrong' } })).status, 401, 'money is still told')
  t.equal((await call(app.internalUrl, 'POST', '/internal/v1/auth/login', { body: { email: 'a@b.example', password: 'x' } })).status, 401, 'staff can still work')
})

t.test('versions are compared by their numbers', async (t) => {
  for (const [version, least, older] of [['1.2.3', '1.2.3', false], ['1.2.3', '1.10.0', true], ['2', '1.9.9', false], ['1.2', '1.2.1', true], ['0.9.0', '1.0.0-beta', true], ['10.0.0', '9.9.9', false]] as const) {
    t.equal(isOlder(version, least), older, `${version} < ${least}`)
  }
})
