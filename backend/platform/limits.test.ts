import t, { type Test } from 'tap'
import { call, startTestApp, type TestApp, type TestAppOptions } from '../testing/app.ts'
import { startFaultProxy } from '../testing/fault-proxy.ts'
import { eventually } from '../testing/wait.ts'
import { changeSettings } from '../testing/settings.ts'
import type { UserActor } from './access.ts'
import { AppError } from './errors.ts'
import { networkOf } from './limits.ts'

const ANONYMOUS = 100
const LIMIT = 40
const settings = { anonymousRequests: ANONYMOUS / 100, userRequests: LIMIT, beaconRequests: LIMIT } // anonymous: × 100 in development

/** The token is the user's id; anything that starts with `bad` is refused. */
const authenticators = {
  public: {
    user: async (token: string) => {
      if (token.startsWith('bad')) throw new AppError('unauthenticated')
      return { actor: { kind: 'customer', id: token, signInId: token } satisfies UserActor, expiresAt: new Date('2100-01-01') }
    },
  },
}

/** Replicas that count together: a start does not wait for Valkey, and until it is there each would count alone. */
async function start(t: Test, options: Pick<TestAppOptions, 'env' | 'through' | 'valkeyPatienceMs'> = {}): Promise<TestApp> {
  const app = await startTestApp(t, {
    replicas: 2, simulators: false, settings, authenticators, ...options,
    mount: (_ctx, { publicApp }) => {
      publicApp.get('/open', { config: { access: 'public', limit: 'standard' } }, async () => ({}))
      publicApp.get('/mine', { config: { access: 'customer', limit: 'standard' } }, async () => ({}))
      publicApp.get('/beacon', { config: { access: 'public', limit: 'beacon' } }, async () => ({}))
      publicApp.post('/hook', { config: { access: 'public', limit: 'none' } }, async () => ({}))
    },
  })
  await eventually(() => app.replicas.every(({ ctx }) => ctx.valkey.isUp()), 'Valkey is reached')
  return app
}

type Ask = { path?: string; method?: string; token?: string; headers?: Record<string, string> }

/** `count` requests over both replicas, 25 at once: how many were let through. */
async function admitted(app: TestApp, count: number, ask: (index: number) => Ask = () => ({})): Promise<number> {
  let passed = 0
  let next = 0
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      const { path = '/open', method = 'GET', ...options } = ask(index)
      const answer = await call(app.replicas[index % 2]!.url, method, path, options)
      if (answer.status !== 429) passed++
    }
  }
  await Promise.all(Array.from({ length: 25 }, worker))
  return passed
}

t.test('budgets are counted over both replicas together, to the request', async (t) => {
  const app = await start(t, { valkeyPatienceMs: 30_000 })
  t.equal(await admitted(app, ANONYMOUS + 60), ANONYMOUS, 'one address')
  const refused = await call(app.url, 'GET', '/open')
  t.match(refused, { status: 429, body: { code: 'rate_limited' }, headers: { 'ratelimit-limit': String(ANONYMOUS), 'ratelimit-remaining': '0' } })
  t.ok(Number(refused.headers['retry-after']) > 800 && Number(refused.headers['retry-after']) <= 900)
  t.equal(await admitted(app, 40, (index) => ({ headers: { 'x-forwarded-for': `10.0.0.${index}`, forwarded: `for=10.0.0.${index}`, 'x-real-ip': `10.0.0.${index}` } })), 0, 'spoofed forwarding headers make no new address')
  t.equal(await admitted(app, 40, (index) => ({ path: '/nowhere', token: `bad-${index}` })), 0, 'invented tokens make no new caller')
  t.equal(await admitted(app, 40, (index) => ({ path: '/mine', token: `bad-${index}` })), 0)
  t.equal(await admitted(app, LIMIT * 2, () => ({ path: '/mine', token: 'citra' })), LIMIT, 'a signed-in caller has a budget of their own')
  t.equal(await admitted(app, 20, () => ({ path: '/open', token: 'citra' })), 0, 'and the same one on open routes')
  t.equal(await admitted(app, 20, () => ({ path: '/mine', token: 'dewi' })), 20)
  t.equal(await admitted(app, LIMIT * 2, () => ({ path: '/beacon' })), LIMIT, 'so has the beacon')
  t.equal(await admitted(app, 60, () => ({ method: 'POST', path: '/hook' })), 60, 'webhooks are outside of every budget')
  t.equal(await admitted(app, 60, () => ({ path: '/health' })), 60, 'and so is health')

  t.comment('a changed setting is in force at once')
  t.equal((await call(app.url, 'GET', '/mine', { token: 'citra' })).status, 429)
  await changeSettings(app, { userRequests: LIMIT * 3 })
  t.equal((await call(app.url, 'GET', '/mine', { token: 'citra' })).status, 200)
})

t.test('behind trusted proxies the address is theirs to tell', async (t) => {
  const app = await start(t, { env: { TRUST_PROXY: '127.0.0.0/8' }, valkeyPatienceMs: 30_000 })
  t.equal(await admitted(app, ANONYMOUS + 20, () => ({ headers: { 'x-forwarded-for': '203.0.113.7' } })), ANONYMOUS)
  t.equal(await admitted(app, 20, (index) => ({ headers: { 'x-forwarded-for': `198.51.100.${index}, 203.0.113.7` } })), 0, 'what stands before the last untrusted address is the caller’s invention')
  t.equal(await admitted(app, 20, () => ({ headers: { 'x-forwarded-for': '203.0.113.8' } })), 20)
})

t.test('while Valkey is away each replica counts alone, and nobody waits for it', async (t) => {
  const gate = await startFaultProxy(t)
  const app = await start(t, { through: { valkey: gate } })
  t.equal(await admitted(app, 20, () => ({ path: '/mine', token: 'citra' })), 20)
  gate.blackhole()
  const startedMs = performance.now()
  t.equal(await admitted(app, 2, () => ({ path: '/mine', token: 'citra' })), 2)
  t.ok(performance.now() - startedMs < 20_000, 'the first to notice waits a moment')
  await eventually(() => app.replicas.every(({ ctx }) => !ctx.valkey.isUp()), 'Valkey is missed')
  const laterMs = performance.now()
  const passed = await admitted(app, LIMIT * 4, () => ({ path: '/mine', token: 'dewi' }))
  t.equal(passed, LIMIT * 2, 'a budget for each replica')
  t.ok(performance.now() - laterMs < LIMIT * 4 * 250, 'and no request waits')
  gate.open()
  await eventually(() => app.replicas.every(({ ctx }) => ctx.valkey.isUp()), 'Valkey is back')
  t.equal(await admitted(app, 10, () => ({ path: '/mine', token: 'dewi' })), 0, 'what was counted alone stays counted')
})

t.test('what a replica counted alone counts for all once Valkey is back', async (t) => {
  const gates = [await startFaultProxy(t), await startFaultProxy(t)]
  const app = await start(t, { through: { valkey: gates } })
  const [alone, other] = app.replicas
  const ask = async (replica = alone!) => Number((await call(replica.url, 'GET', '/mine', { token: 'citra' })).headers['ratelimit-remaining'])
  gates[0]!.blackhole()
  await eventually(async () => (await ask(), !alone!.ctx.valkey.isUp()), 'Valkey is missed')
  for (let more = 0; more < 20; more++) await ask()
  const left = await ask()
  t.ok(left < LIMIT - 20)
  gates[0]!.open()
  /** What is left as Valkey says: where that stood still for a moment, each counts alone once more. */
  const heard = async (replica: typeof alone) => {
    if (!replica!.ctx.valkey.isUp()) return undefined
    const remaining = await ask(replica)
    return replica!.ctx.valkey.isUp() ? { remaining } : undefined
  }
  const own = await eventually(() => heard(alone), 'Valkey is back, and told')
  t.ok(own.remaining < left)
  const told = await eventually(async () => {
    const others = await heard(other)
    return others && (others.remaining < left || others.remaining < LIMIT - 10) ? others : undefined
  }, 'an answer of Valkey reaches the other one')
  t.ok(told.remaining < left, 'the other one knows of them, before it has asked ten times itself')
})

t.test('what counts as one address', async (t) => {
  t.equal(networkOf('203.0.113.7'), '203.0.113.7')
  t.equal(networkOf('::ffff:203.0.113.7'), '203.0.113.7')
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  t.equal(networkOf('2001:0db8:0001:0002::9'), '2001:db8:1:2')
  t.equal(networkOf('2001:db8::1'), '2001:db8:0:0')
  t.equal(networkOf('::1'), '0:0:0:0')
  t.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0')
})
