import t from 'tap'
import { call, startTestApp, type TestApp } from '../../testing/app.ts'
import { signIn, type SignedIn } from '../../testing/sign-in.ts'
import { eventually } from '../../testing/wait.ts'
import { transact } from '../../platform/database.ts'
import { createTokenVerifier, revokeSignIns } from './index.ts'

const me = (url: string, token: string) => call(url, 'GET', '/api/v1/me', { token })
const post = (url: string, path: string, token?: string, body?: unknown) => call(url, 'POST', path, { token, body })
/** Refused on this replica; answers how it is told. */
const refused = async (url: string, token: string) =>
  eventually(async () => {
    const answer = await me(url, token)
    return answer.status === 200 ? undefined : answer
  }, 'the token is refused')
const signInIdOf = (person: SignedIn) => String(JSON.parse(Buffer.from(person.token.split('.')[1]!, 'base64url').toString()).sid)

async function twoReplicas(t: Parameters<typeof startTestApp>[0]): Promise<{ app: TestApp; one: string; two: string }> {
  const app = await startTestApp(t, { replicas: 2, simulators: false })
  return { app, one: app.replicas[0]!.url, two: app.replicas[1]!.url }
}

t.test('signing out', async (t) => {
  const { app, one, two } = await twoReplicas(t)

  await t.test('ends this sign-in at once here, within 5 s there, and no other', async (t) => {
    const person = await signIn(app)
    const other = await signIn(app, { phone: person.phone })
    t.match(await post(one, '/api/v1/auth/logout', person.token), { status: 200, body: { endedSignIns: 1 } })
    t.match(await me(one, person.token), { status: 401, body: { code: 'unauthenticated' } })
    t.match(await refused(two, person.token), { status: 401, body: { code: 'unauthenticated' } })
    t.match(await post(two, '/api/v1/auth/refresh', undefined, { refreshToken: person.refreshToken }), { status: 401 })
    t.equal((await me(two, other.token)).status, 200)
    t.equal((await post(one, '/api/v1/auth/logout')).status, 401, 'nobody signs out without a token')
  })

  await t.test('everywhere ends all of them', async (t) => {
    const person = await signIn(app)
    const others = [await signIn(app, { phone: person.phone }), await signIn(app, { phone: person.phone })]
    const mitra = await signIn(app, { phone: person.phone, kind: 'mitra' })
    t.match(await post(two, '/api/v1/auth/logout-all', person.token), { status: 200, body: { endedSignIns: 3 } })
    for (const ended of [person, ...others]) for (const url of [one, two]) t.equal((await refused(url, ended.token)).status, 401)
    t.equal((await me(one, mitra.token)).status, 200, 'the account of the other kind is another account')
    t.equal((await post(two, '/api/v1/auth/logout-all')).status, 401)
  })

  await t.test('twice at once is the same as once', async (t) => {
    const person = await signIn(app)
    const answers = await Promise.all([post(one, '/api/v1/auth/logout', person.token), post(two, '/api/v1/auth/logout', person.token)])
    t.ok(answers.every((answer) => answer.status === 200 || answer.status === 401))
    t.equal(answers.reduce((sum, answer) => sum + (answer.body.endedSignIns ?? 0), 0), 1)
  })

  await t.test('a sign-in named by its refresh token ends if it is the caller’s own', async (t) => {
    const person = await signIn(app)
    const tablet = await signIn(app, { phone: person.phone })
    const stranger = await signIn(app)
    t.match(await post(one, '/api/v1/auth/logout', person.token, { refreshToken: tablet.refreshToken }), { status: 200 })
    t.equal((await me(one, tablet.token)).status, 401)
    t.equal((await me(one, person.token)).status, 200)
    await post(one, '/api/v1/auth/logout', person.token, { refreshToken: stranger.refreshToken })
    t.equal((await me(one, stranger.token)).status, 200)
  })
})

t.test('sign-ins can be listed and ended one by one', async (t) => {
  const { app, one, two } = await twoReplicas(t)
  const person = await signIn(app, { deviceName: 'Pixel 9' })
  const tablet = await signIn(app, { phone: person.phone, deviceName: 'Tablet' })
  const stranger = await signIn(app)
  const list = async (token: string, query = '') => (await call(one, 'GET', `/api/v1/me/sign-ins${query}`, { token })).body
  const remove = (url: string, token: string | undefined, id: string) => call(url, 'DELETE', `/api/v1/me/sign-ins/${id}`, { token })

  const { items } = await list(person.token)
  t.match(items, [{ deviceName: 'Tablet', isCurrent: false }, { deviceName: 'Pixel 9', isCurrent: true }])
  const page = await list(person.token, '?limit=1')
  t.equal(page.items.length, 1)
  t.match(await list(person.token, `?limit=1&cursor=${page.nextCursor}`), { items: [{ deviceName: 'Pixel 9' }], nextCursor: null })

  t.match(await remove(one, stranger.token, signInIdOf(tablet)), { status: 404, body: { code: 'not_found' } }, 'somebody else’s looks like a missing one')
  t.match(await remove(one, person.token, '01890000-0000-7000-8000-000000000000'), { status: 404, body: { code: 'not_found' } })
  t.equal((await remove(one, undefined, signInIdOf(tablet))).status, 401)
  const both = await Promise.all([remove(one, person.token, signInIdOf(tablet)), remove(two, person.token, signInIdOf(tablet))])
  t.same(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 404], 'of two at once one ends it')
  t.equal((await refused(two, tablet.token)).status, 401)
  t.equal((await list(person.token)).items.length, 1)
})

t.test('without Valkey a revocation reaches the other replica as well', async (t) => {
  const { app, one, two } = await twoReplicas(t)
  const person = await signIn(app)
  const banned = await signIn(app)
  await app.valkey.stop()
  t.equal((await post(one, '/api/v1/auth/logout-all', person.token)).status, 200)
  t.equal((await me(one, person.token)).status, 401, 'at once where it was asked for')
  await refused(two, person.token)
  await app.query('update users set banned_at = app_now() where id = $1', [banned.id])
  for (const url of [one, two]) t.match(await refused(url, banned.token), { status: 403, body: { code: 'account_suspended' } })
})

t.test('suspended and banned persons', async (t) => {
  const { app, one, two } = await twoReplicas(t)
  const person = await signIn(app)
  const told: string[] = []
  const verifier = createTokenVerifier(app.replicas[0]!.ctx)
  t.teardown(() => verifier.stop())
  await verifier.start()
  verifier.onRevoked((signInId) => told.push(signInId))

  await app.query(`update users set suspended_until = app_now() + interval '1 hour' where id = $1`, [person.id])
  for (const url of [one, two]) t.match(await refused(url, person.token), { status: 403, body: { code: 'account_suspended' } })
  await eventually(() => told.includes(signInIdOf(person)), 'its sockets are told')
  t.ok(verifier.isRevoked(signInIdOf(person)))
  await app.query('update users set suspended_until = null where id = $1', [person.id])
  await eventually(async () => (await me(one, person.token)).status === 200, 'the suspension is over')
  await eventually(() => !verifier.isRevoked(signInIdOf(person)), 'and known to be')

  const { ctx } = app.replicas[0]!
  await transact(ctx, (tx) => revokeSignIns(tx, { userId: person.id, reason: 'banned' }))
  t.match(await refused(two, person.token), { status: 403, body: { code: 'account_suspended' } }, 'ended for that reason says so')
  t.equal(told.filter((id) => id === signInIdOf(person)).length, 2, 'told once for each')
})

t.test('a replica that starts later knows what was revoked before', async (t) => {
  const { app } = await twoReplicas(t)
  const person = await signIn(app)
  await post(app.url, '/api/v1/auth/logout', person.token)
  const late = createTokenVerifier(app.replicas[1]!.ctx)
  t.teardown(() => late.stop())
  await late.start()
  await t.rejects(late.verify(person.token), { code: 'unauthenticated' })
})

t.test('telling who calls asks no database', async (t) => {
  const app = await startTestApp(t, { simulators: false })
  const person = await signIn(app)
  const { ctx } = app.replicas[0]!
  const verifier = createTokenVerifier({ ...ctx, get sql(): never { throw new Error('the database was asked') } })
  t.match((await verifier.verify(person.token)).actor, { kind: 'customer', id: person.id })
})
