import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Writable } from 'node:stream'
import t from 'tap'
import { startTestApp } from '../testing/app.ts'
import { call } from '../testing/http.ts'
import { startOtlpCollector, type SeenSpan } from '../testing/otlp-collector.ts'
import { customer, expect } from '../testing/people.ts'
import { projectRoot } from '../testing/servers/processes.ts'
import { openSocket } from '../testing/socket.ts'
import { newKey, packageOf, stage, STAGE_SETTINGS } from '../testing/stage.ts'
import { eventually } from '../testing/wait.ts'
import { createLog } from './log.ts'
import { nameOfStatement } from './tracing.ts'

t.test('one trace holds a request, its statements, the outbox, the job and the call to the provider', async (t) => {
  const collector = await startOtlpCollector(t)
  const lines: string[] = []
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  let traceId: () => string | undefined = () => undefined
  const app = await startTestApp(t, {
    settings: STAGE_SETTINGS, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of-the-collector', OTEL_TRACES_SAMPLER_ARG: '1', OTEL_SERVICE_NAME: 'halobestie-test' },
    log: createLog({ level: 'debug', environment: 'development', destination, traceId: () => traceId() }),
  })
  traceId = () => app.replicas[0]!.ctx.tracing.traceId()
  const find = (what: string, matches: (span: SeenSpan) => boolean) => eventually(() => collector.spans.find(matches), what)
  // A span is sent after its end, so those around it may come later.
  const parentOf = (span: SeenSpan) => find(`the parent of ${span.name}`, ({ spanId }) => spanId === span.parentSpanId)
  const within = async (span: SeenSpan, names: string[] = []): Promise<string[]> =>
    span.parentSpanId === undefined ? [...names, span.name] : within(await parentOf(span), [...names, span.name])

  t.test('from the request to the provider', async (t) => {
    const scene = await stage(app, 'active', { phones: true })
    const { id: packageId } = await packageOf(app, 15)
    await expect(201, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/extend`, { body: { packageId }, headers: { 'idempotency-key': newKey() } }))
    await eventually(async () => (await app.query(`select 1 from payments where session_id = $1 and kind = 'extension' and state = 'pending'`, [scene.sessionId]))[0], 'its invoice is made')
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`, { headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'x-request-id': 'the-end-of-a-test' } }))
    const request = await find('the request', ({ attributes }) => attributes['http.request.id'] === 'the-end-of-a-test')
    t.match(request, { name: 'POST /api/v1/sessions/:id/end', kind: 2, parentSpanId: undefined, service: 'halobestie-test', attributes: { 'http.route': '/api/v1/sessions/:id/end', 'http.response.status_code': 200 } })
    t.not(request.traceId, 'a'.repeat(32), 'a caller’s own trace is not continued')
    const call = await find('the call', ({ name, traceId: of }) => name === 'xendit expireInvoice' && of === request.traceId)
    const run = await parentOf(call)
    t.match(run, { name: /^outbox /, kind: 5 })
    const path = await within(run)
    t.equal(path.at(-1), request.name, path.join(' < '))
    // The job came first, or the sweep did: the trace is one in any case.
    if (run.attributes['outbox.by'] === 'job') t.ok(path.length > 2, path.join(' < '))
    const statement = await find('a statement', ({ name, parentSpanId }) => parentSpanId === request.spanId && /^(SELECT|UPDATE|INSERT|WITH) /.test(name))
    t.same(Object.keys(statement.attributes), ['db.system.name'])
    const line = lines.find((one) => one.includes('the-end-of-a-test') && one.includes(request.traceId))
    t.ok(line, 'log lines name the trace')
    t.equal(collector.headers[0]!['authorization'], 'Bearer of-the-collector')
  })

  t.test('with the jobs lost, the sweep goes on with the trace', async (t) => {
    const { ctx } = app.replicas[0]!
    const scene = await stage(app, 'held')
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`, { headers: { 'x-request-id': 'a-cancel-that-a-sweep-ends' } }))
    await scene.until('cancelled')
    const [row] = await app.query<{ traceparent: string }>(`select traceparent from outbox where payload->>'sessionId' = $1`, [scene.sessionId])
    const [, of] = row!.traceparent.split('-')
    await ctx.tracing.run('outbox by hand', 'consumer', async () => {}, {}, row!.traceparent)
    const request = await find('the request', ({ attributes }) => attributes['http.request.id'] === 'a-cancel-that-a-sweep-ends')
    t.equal(of, request.traceId)
    t.match(await find('by hand', ({ name }) => name === 'outbox by hand'), { traceId: of, parentSpanId: row!.traceparent.split('-')[2] })
  })

  t.test('a frame is a trace, probes are none, and nothing of anybody is told', async (t) => {
    const phone = '+628123456780987'
    const who = await customer(app, { displayName: 'Kanari Burung' })
    const socket = await openSocket(app.url, { token: who.token })
    await socket.next('ready')
    socket.send({ type: 'heartbeat' })
    await socket.next('heartbeat')
    await socket.close()
    await call(app.url, 'POST', '/api/v1/auth/otp/request', { body: { phone, kind: 'customer' } })
    await call(app.url, 'GET', '/health?token=kanari-in-a-query')
    await call(app.url, 'GET', '/api/v1/packages?secret=kanari-in-a-query')
    await find('the frame', ({ name }) => name === 'frame heartbeat')
    await find('the packages', ({ name }) => name === 'GET /api/v1/packages')
    t.notOk(collector.spans.some(({ name }) => name.includes('/health')))
    const all = collector.bodies.join('\n')
    for (const stray of ['Kanari', 'kanari', phone.slice(3), who.phone.slice(3), who.token, who.refreshToken]) t.notOk(all.includes(stray), `${stray.slice(0, 12)} is nowhere`)
  })

  t.test('a collector that refuses or hangs costs nothing', async (t) => {
    for (const answer of ['fault', 'hang'] as const) {
      collector.answer = answer
      const before = collector.bodies.length
      t.equal((await call(app.url, 'GET', '/api/v1/packages')).status, 200, answer)
      await eventually(() => collector.bodies.length > before, 'it was asked')
      t.equal((await call(app.url, 'GET', '/api/v1/packages')).status, 200, answer)
    }
  })
})

t.test('what is left is sent when the process ends; without an endpoint nothing of OpenTelemetry is loaded', async (t) => {
  const collector = await startOtlpCollector(t)
  const app = await startTestApp(t, { settings: STAGE_SETTINGS, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '1' } })
  await call(app.url, 'GET', '/api/v1/packages', { headers: { 'x-request-id': 'the-last-request' } })
  await app.replicas[0]!.stop()
  await eventually(() => collector.spans.some(({ attributes }) => attributes['http.request.id'] === 'the-last-request'), 'the last request is sent')
  t.equal(await loadedBy('{}'), '')
  t.match(await loadedBy(`{ OTEL_EXPORTER_OTLP_ENDPOINT: '${collector.url}', OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER_ARG: 1 }`), /opentelemetry/)
})

/** Which modules of OpenTelemetry a process has read that has started its tracing, with everything of a replica; its API is read by others too, and does nothing alone. */
async function loadedBy(env: string): Promise<string> {
  const script = `
    const { registerHooks } = await import('node:module')
    const seen = new Set()
    registerHooks({ load(url, context, next) { const found = /node_modules\\/(@opentelemetry\\/(?!api\\/)[\\w-]+|bullmq-otel)/.exec(url); if (found) seen.add(found[1]); return next(url, context) } })
    await import('./backend/replica.ts')
    const { startTracing } = await import('./backend/platform/tracing.ts')
    await (await startTracing(${env}, () => {})).stop()
    console.log([...seen].join(' '))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: projectRoot })
  return stdout.trim()
}

t.test('a statement is named by what it does and to which table', async (t) => {
  for (const [statement, name] of [
    ['select * from "chat_sessions" where id = $1', 'SELECT chat_sessions'], ['insert into outbox (id) values ($1)', 'INSERT outbox'], ['update "users" set x = 1', 'UPDATE users'], ['begin', 'BEGIN'],
    [{ name: 'send-messages', text: 'select 1' }, 'send-messages'], [{ text: 'delete from pushes where id = $1' }, 'DELETE pushes'], [undefined, 'statement'],
  ] as const) t.equal(nameOfStatement(statement), name)
})
