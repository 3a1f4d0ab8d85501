import t from 'tap'
import { call, startTestApp } from '../testing/app.ts'
import { startFaultProxy } from '../testing/fault-proxy.ts'
import { eventually } from '../testing/wait.ts'

t.test('health says that the process lives, ready whether to send it traffic', async (t) => {
  const [toPostgres, toValkey] = [await startFaultProxy(t), await startFaultProxy(t)]
  const app = await startTestApp(t, {
    simulators: false,
    through: { postgres: toPostgres, valkey: toValkey },
  })
  const ready = async () => await call(app.url, 'GET', '/ready')
  const settled = (status: number, match: (body: Record<string, { status: string; detail?: string }>) => boolean) =>
    eventually(async () => {
      const answer = await ready()
      return answer.status === status && match(answer.body.dependencies) ? answer : undefined
    }, `/ready answers ${status}`)

  await settled(200, (dependencies) => dependencies['valkey']!.status === 'up') // which a start does not wait for
  for (const url of [app.url, app.internalUrl]) {
    t.match(await call(url, 'GET', '/health'), { status: 200, body: { status: 'healthy', service: 'halobestie', version: String, uptime: Number, timestamp: /^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/ } })
    t.match(await call(url, 'GET', '/ready'), { status: 200, body: { status: 'ready', dependencies: { postgres: { status: 'up' }, valkey: { status: 'up' }, schema: { status: 'up' } } } })
  }

  toValkey.cut()
  t.match((await settled(200, (dependencies) => dependencies['valkey']!.status === 'down')).body, { status: 'degraded' }, 'Valkey is disposable')
  toValkey.open()
  await settled(200, (dependencies) => dependencies['valkey']!.status === 'up')

  toPostgres.cut()
  await settled(503, (dependencies) => dependencies['postgres']!.status === 'down')
  t.equal((await call(app.url, 'GET', '/health')).status, 200, 'the process itself is well')
  t.match(await call(app.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: 'x'.repeat(40) } }), { status: 503, body: { code: 'not_ready' }, headers: { 'retry-after': /\d/ } })
  t.match(await call(app.url, 'GET', '/api/v1/app-config'), { status: 200, body: { serverTime: /Z$/ } }, 'apps still learn what they need to wait')
  toPostgres.open()
  await settled(200, (dependencies) => dependencies['postgres']!.status === 'up')

  toPostgres.blackhole()
  const startedMs = performance.now()
  t.equal((await ready()).status, 503)
  t.ok(performance.now() - startedMs < 20_000, 'an answer does not wait for Postgres for ever')
  toPostgres.open()
  await settled(200, () => true)

  await app.query(`insert into schema_migrations (version, name, checksum, duration_ms) values (9999, 'from_the_future', 'x', 0)`)
  const ahead = await settled(503, (dependencies) => dependencies['schema']!.status === 'out_of_range')
  t.match(ahead.body.dependencies.schema.detail, /9999/, 'it says why')
  await app.query('delete from schema_migrations where version = 9999')
  await settled(200, () => true)

  app.replicas[0]!.readiness.isDraining = true
  t.match(await ready(), { status: 503, body: { status: 'not_ready', dependencies: { process: { status: 'draining' } } }, headers: { connection: 'close' } })
})

t.test('metrics are for the internal listener only, by the pattern of the route', async (t) => {
  const app = await startTestApp(t, { simulators: false })
  await call(app.url, 'GET', '/api/v1/mitras/0190b8f0-0000-7000-8000-000000000000?secret=1')
  await call(app.url, 'GET', '/some/where/else')
  const { text, status, headers } = await call(app.internalUrl, 'GET', '/metrics')
  t.equal(status, 200)
  t.match(headers['content-type'], /^text\/plain/)
  t.match(text, /http_requests_total\{[^}]*route="\/api\/v1\/mitras\/:id"[^}]*\} 1/)
  t.match(text, /http_request_duration_seconds_bucket\{[^}]*route="unmatched"/)
  t.notMatch(text, /0190b8f0|secret|some\/where/)
  t.equal((await call(app.url, 'GET', '/metrics')).status, 404)
})
