import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createTestDatabase } from './testing/database.ts'
import { testVariables } from './testing/env.ts'
import { startFaultProxy } from './testing/fault-proxy.ts'
import { call } from './testing/http.ts'
import { freePort } from './testing/servers/processes.ts'
import { startValkey } from './testing/servers/valkey.ts'
import { eventually } from './testing/wait.ts'

const AWAY = { DATABASE_URL: 'postgres://app:a-very-secret-word@127.0.0.1:1/halobestie', VALKEY_URL: 'redis://127.0.0.1:1' }

/** Loading the product takes a second, and on a machine that is busy with other tests half a minute. */
const BOOT = { timeoutMs: 90_000 }

/** The service as the process that runs in production. */
function launch(t: Test, variables: Record<string, string>) {
  const startedMs = performance.now()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...variables }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output, ms: performance.now() - startedMs }))
  return { child, ended, output: () => output }
}

t.test('with an unusable environment the whole list is told at once, and no secret', async (t) => {
  const secret = 'x'.repeat(20) + 'verysecret'
  const { code, output, ms } = await launch(t, { APP_ENV: 'production', DATABASE_URL: AWAY.DATABASE_URL, AUTH_JWT_SECRET: secret, TRSUT_PROXY: '1', PORT: 'http', GIT_SHA: 'abc' }).ended
  t.equal(code, 1)
  // Two seconds on an idle machine; a busy one is given more.
  t.ok(ms < BOOT.timeoutMs, `${Math.round(ms)} ms`)
  for (const name of ['VALKEY_URL: is required', 'DATA_ENCRYPTION_KEYS: is required', 'AUTH_JWT_SECRET: ', 'PORT: ', 'TRSUT_PROXY: is not known', 'XENDIT_ENABLED: must be true', 'FAZPASS_ENABLED: must be true']) {
    t.ok(output.includes(`  - ${name}`), name)
  }
  t.notMatch(output, /verysecret|very-secret| at .*\.ts/)
})

t.test('a taken port is one clear line', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' ? String(address!.port) : ''
  for (const name of ['PORT', 'INTERNAL_PORT']) {
    const { code, output } = await launch(t, testVariables(AWAY, { [name]: port })).ended
    t.equal(code, 1)
    t.equal(output.trim(), `port ${port} is taken: choose another PORT or INTERNAL_PORT`)
  }
})

t.test('a service that waits for Postgres says so, begins to serve by itself, and stops when asked', async (t) => {
  const [port, internalPort] = [await freePort(), await freePort()]
  const [db, valkey] = await Promise.all([createTestDatabase(), startValkey()])
  t.after(async () => {
    await valkey.stop()
    await db.drop()
  })
  const [url, internalUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${internalPort}`]
  const toPostgres = await startFaultProxy(t, Number(new URL(db.url).port))
  toPostgres.cut()
  const variables = testVariables({ DATABASE_URL: db.url.replace(/:\d+\//, `:${toPostgres.port}/`), VALKEY_URL: valkey.url }, { PORT: String(port), INTERNAL_PORT: String(internalPort), LOG_LEVEL: 'info' })
  const process = launch(t, variables)
  await eventually(() => call(url, 'GET', '/health').then((answer) => answer.status === 200, () => false), 'the listener is open', BOOT)
  t.match(await call(internalUrl, 'GET', '/ready'), { status: 503, body: { status: 'not_ready', dependencies: { process: { status: 'starting' } } } })
  toPostgres.open()
  await eventually(async () => (await call(url, 'GET', '/ready')).status === 200, 'it serves', BOOT)
  process.child.kill('SIGTERM')
  t.equal((await process.ended).code, 0)
  for (const [name, value] of Object.entries(variables)) if (/KEYS?$/.test(name)) t.notOk(process.output().includes(value), `${name} is not in the log`)
})

t.test('a second signal ends it at once, even with a request under way', async (t) => {
  const port = await freePort()
  const process = launch(t, testVariables(AWAY, { PORT: String(port), DRAIN_SECONDS: '10' }))
  await eventually(() => call(`http://127.0.0.1:${port}`, 'GET', '/health').then((answer) => answer.status === 200, () => false), 'the listener is open', BOOT)
  const idle = connect(port, '127.0.0.1').on('error', () => {})
  t.after(() => idle.destroy())
  process.child.kill('SIGINT')
  await eventually(async () => (await call(`http://127.0.0.1:${port}`, 'GET', '/ready')).body.dependencies.process.status === 'draining', 'it drains')
  // Closer together they are one: Ctrl-C reaches a process from the terminal and from npm.
  await new Promise((resolve) => setTimeout(resolve, 600))
  process.child.kill('SIGINT')
  t.equal((await process.ended).code, 1, 'not 0, as when it has drained')
})
