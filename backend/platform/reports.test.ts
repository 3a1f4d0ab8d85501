import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { z } from 'zod'
import { startTestApp } from '../testing/app.ts'
import { createTestDatabase } from '../testing/database.ts'
import { testEnv, testVariables } from '../testing/env.ts'
import { startErrorCollector } from '../testing/error-collector.ts'
import { call } from '../testing/http.ts'
import { projectRoot } from '../testing/servers/processes.ts'
import { startValkey } from '../testing/servers/valkey.ts'
import { eventually } from '../testing/wait.ts'
import { transact } from './database.ts'
import { createLog } from './log.ts'
import { reaction, writeOutbox } from './outbox.ts'
import { reportLogged, startReports, type Reports } from './reports.ts'

const PHONE = '+628123456780987'
const AWAY = { DATABASE_URL: 'postgres://app@127.0.0.1:1/halobestie', VALKEY_URL: 'redis://127.0.0.1:1' }
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() })

t.test('what nobody expected is reported, with where and which, and with nothing of anybody', async (t) => {
  const collector = await startErrorCollector(t)
  const variables = { SENTRY_DSN: collector.dsn, LOG_LEVEL: 'error' }
  let reports: Reports | undefined
  const app = await startTestApp(t, {
    env: variables,
    // Its lines go nowhere; the rest is as `createWorld` has it.
    log: createLog({ level: 'error', environment: 'development', destination: nowhere(), failed: (error, fields) => reports && reportLogged(reports, error, fields) }),
    worker: { reactions: [reaction({ topic: 'test.fails', payload: z.object({ phone: z.string() }), run: async () => { throw new RangeError(`no such person ${PHONE}`) } })] },
    mount(_ctx, { publicApp }) {
      publicApp.post('/test/fails/:id', { config: { access: 'public', limit: 'none' }, schema: { body: z.strictObject({ note: z.string() }) } }, async (request) => {
        throw new TypeError(`Kanari said ${JSON.stringify(request.body)} from ${PHONE}`)
      })
      publicApp.get('/test/query', { config: { access: 'public', limit: 'none' } }, async () => _ctx.sql.execute(`select '${PHONE}'::integer`))
    },
  })
  reports = app.replicas[0]!.ctx.reports
  t.equal(reports.isOn, true)
  const find = (type: string, tags: Record<string, string>) => eventually(() => collector.events.find((event) => event.exception.values[0]?.type === type && Object.entries(tags).every(([name, value]) => event.tags[name] === value)), type)
  const fail = (id: string) => call(app.url, 'POST', `/test/fails/${id}?token=kanari-in-a-query`, { body: { note: 'kanari-in-a-body' }, token: 'kanari-in-a-token', headers: { 'x-request-id': `report-${id}-of-a-test` } })

  t.equal((await fail('first')).status, 500)
  const event = await find('TypeError', { requestId: 'report-first-of-a-test' })
  t.match(event, { environment: 'development', release: app.replicas[0]!.ctx.env.version, tags: { route: '/test/fails/:id', method: 'POST' } })
  t.ok(event.exception.values[0]!.stacktrace!.frames.some(({ filename }) => filename === 'backend/platform/reports.test.ts'), 'where it was thrown')
  await transact(app.replicas[0]!.ctx, (tx) => writeOutbox(tx, [{ topic: 'test.fails', payload: { phone: PHONE } }]))
  await find('RangeError', { topic: 'test.fails' })
  t.equal((await call(app.url, 'GET', '/test/query')).status, 500)
  t.match(await find('error', { route: '/test/query' }), { tags: { code: '22003' }, exception: { values: [{ value: '[kept back] 22003' }] } })
  t.equal((await call(app.url, 'POST', '/api/v1/auth/otp/verify', { body: {} })).status, 400, 'a refusal is no fault')
  const all = collector.bodies.join('\n')
  for (const stray of ['anari', PHONE.slice(3), projectRoot]) t.notOk(all.includes(stray), `${stray} is nowhere`)
  t.notOk(collector.events.some(({ tags }) => tags['code'] === 'validation_failed'))

  const before = collector.asked
  for (let index = 0; index < 200; index++) reports.report(new SyntaxError('a storm'), { route: '/storm' })
  for (let index = 0; index < 200; index++) reports.report(new SyntaxError('a storm'), { route: `/storm/${index}` })
  await eventually(() => collector.asked > before, 'a few of a storm are sent')
  await reports.stop()
  t.ok(collector.asked - before <= 30, `${collector.asked - before} of four hundred`)
})

t.test('a service that refuses or hangs harms nobody', async (t) => {
  for (const answer of ['fault', 'hang'] as const) {
    const collector = await startErrorCollector(t)
    collector.answer = answer
    const told: string[] = []
    const reports = await startReports(testEnv(AWAY, { SENTRY_DSN: collector.dsn }), (reason) => told.push(reason))
    for (let index = 0; index < 20; index++) reports.report(new Error('an error'), { route: `/${index}` })
    await eventually(() => collector.asked > 0, 'it was asked')
    if (answer === 'fault') await eventually(() => told.length > 0, 'the log says so')
    await reports.stop()
    t.ok(collector.asked <= 8, `${answer}: ${collector.asked} at once at most`)
  }
  const off = await startReports(testEnv(AWAY), () => {})
  off.report(new Error('nobody is told'))
  t.equal(off.isOn, false)
  t.throws(() => testEnv(AWAY, { SENTRY_DSN: 'https://sentry.example/7' }), /SENTRY_DSN/)
})

t.test('a fault that nobody caught ends the process, and is reported before', async (t) => {
  const collector = await startErrorCollector(t)
  const [db, valkey] = await Promise.all([createTestDatabase(), startValkey()])
  t.after(async () => {
    await db.drop()
    await valkey.stop()
  })
  const fault = `data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => void Promise.reject(new URIError('of ${PHONE}')))`)}`
  const child = spawn(process.execPath, ['--import', fault, join(projectRoot, 'backend/main.ts')], {
    env: { PATH: process.env['PATH'], ...testVariables({ DATABASE_URL: db.url, VALKEY_URL: valkey.url }, { SENTRY_DSN: collector.dsn, LOG_LEVEL: 'info' }) }, stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await eventually(() => output.includes('"listening"'), 'it listens', { timeoutMs: 90_000 })
  child.kill('SIGUSR2')
  const [code] = await once(child, 'close') as [number | null]
  t.equal(code, 1)
  t.match(collector.events, [{ exception: { values: [{ type: 'URIError' }] } }])
  t.notOk(collector.bodies.join('').includes(PHONE.slice(3)))
})
