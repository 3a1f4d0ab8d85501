import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import { call, startTestApp, type TestApp } from '../../testing/app.ts'
import { TEST_SECRETS } from '../../testing/env.ts'
import { requestCode, signIn, verifyCode, type SignedIn } from '../../testing/sign-in.ts'
import { createAccessTokens } from './access-tokens.ts'

const me = (url: string, token?: string) => call(url, 'GET', '/api/v1/me', { token })
const refresh = (url: string, refreshToken: string) => call(url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken } })
const [testKey] = JSON.parse(TEST_SECRETS.AUTH_JWT_KEYS) as [{ kid: string; secret: string }]
const secret = new TextEncoder().encode(testKey.secret)
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

type Forged = { header?: object; claims?: object; key?: Parameters<SignJWT['sign']>[0] }
/** A token that is right but for what is given. */
function forge(person: SignedIn, signInId: string, { header, claims, key }: Forged = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ iss: 'halobestie', aud: 'customer', sub: person.id, sid: signInId, iat: now, exp: now + 900, ...claims })
    .setProtectedHeader({ alg: 'HS256', kid: testKey.kid, typ: 'at+jwt', ...header })
    .sign(key ?? secret)
}
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>

t.test('access tokens', async (t) => {
  const app = await startTestApp(t, { replicas: 2 })
  const person = await signIn(app)
  const sid = String(claimsOf(person.token)['sid'])

  await t.test('a good one is good on every replica, a missing one nowhere', async (t) => {
    for (const { url } of app.replicas) t.equal((await me(url, person.token)).body.id, person.id)
    t.equal((await me(app.url, await forge(person, sid))).status, 200, 'what the others below are measured against')
    t.match(await me(app.url), { status: 401, body: { code: 'unauthenticated' } })
    t.same(Object.keys(claimsOf(person.token)).toSorted(), ['aud', 'exp', 'iat', 'iss', 'sid', 'sub'], 'no name, no number')
  })

  await t.test('a forged one is refused, however it is made', async (t) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: 'halobestie', aud: 'customer', sub: person.id, sid, iat: now, exp: now + 900 }
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const [head, body, signature] = person.token.split('.') as [string, string, string]
    const table: Record<string, string> = {
      'alg none': `${base64url({ alg: 'none', kid: testKey.kid, typ: 'at+jwt' })}.${base64url(claims)}.`,
      'alg None with a signature': `${base64url({ alg: 'None', kid: testKey.kid, typ: 'at+jwt' })}.${base64url(claims)}.${signature}`,
      'HS512 with our key': await forge(person, sid, { header: { alg: 'HS512' } }),
      'RS256 under our kid': await forge(person, sid, { header: { alg: 'RS256' }, key: privateKey }),
      'another secret': await forge(person, sid, { key: randomBytes(32) }),
      'an unknown kid': await forge(person, sid, { header: { kid: 'other' } }),
      'no kid': await forge(person, sid, { header: { kid: undefined } }),
      'a kid of the prototype': await forge(person, sid, { header: { kid: '__proto__' } }),
      'another issuer': await forge(person, sid, { claims: { iss: 'somebody' } }),
      'no issuer': await forge(person, sid, { claims: { iss: undefined } }),
      'the audience of staff': await forge(person, sid, { claims: { aud: 'staff' } }),
      'both audiences': await forge(person, sid, { claims: { aud: ['customer', 'mitra'] } }),
      'no audience': await forge(person, sid, { claims: { aud: undefined } }),
      'another type': await forge(person, sid, { header: { typ: 'JWT' } }),
      'no subject': await forge(person, sid, { claims: { sub: undefined } }),
      'no sign-in': await forge(person, sid, { claims: { sid: undefined } }),
      'an end that is no number': await forge(person, sid, { claims: { exp: 'tomorrow' as never } }),
      'a subject that is a list': await forge(person, sid, { claims: { sub: [person.id] } }),
      'a critical header': await forge(person, sid, { header: { crit: ['b64'], b64: true } }),
      'no end': await forge(person, sid, { claims: { exp: undefined } }),
      'not yet': await forge(person, sid, { claims: { nbf: now + 600 } }),
      'a changed body': `${head}.${base64url({ ...claims, sub: '01890000-0000-7000-8000-000000000000' })}.${signature}`,
      'a changed signature': `${head}.${body}.${createHmac('sha256', 'x').update(`${head}.${body}`).digest('base64url')}`,
      'no signature': `${head}.${body}.`,
      'half of it': `${head}.${body}`,
      'rubbish': 'a.b.c',
      'the refresh token': person.refreshToken,
    }
    for (const [name, token] of Object.entries(table)) t.match(await me(app.url, token), { status: 401, body: { code: 'unauthenticated' } }, name)
  })

  await t.test('an expired one says so', async (t) => {
    const now = Math.floor(Date.now() / 1000)
    t.match(await me(app.url, await forge(person, sid, { claims: { iat: now - 901, exp: now - 1 } })), { status: 401, body: { code: 'token_expired' } })
    const fresh = await signIn(app)
    await app.clock.advance(800)
    t.equal((await me(app.url, fresh.token)).status, 200)
    await app.clock.advance(101)
    t.match(await me(app.url, fresh.token), { status: 401, body: { code: 'token_expired' } })
    t.equal((await refresh(app.url, fresh.refreshToken)).status, 200)
  })

  await t.test('one kind a token', async (t) => {
    const mitra = await signIn(app, { kind: 'mitra', phone: person.phone })
    t.equal(claimsOf(mitra.token)['aud'], 'mitra')
    t.not(claimsOf(mitra.token)['sub'], person.id)
  })
})

t.test('signing keys', async (t) => {
  const old = { kid: 'old', secret: randomBytes(32).toString('base64') }
  const next = { kid: 'next', secret: randomBytes(32).toString('base64') }
  const actor = { kind: 'mitra', id: 'u', signInId: 's' } as const
  const HOUR = 3_600_000
  const start = Date.parse('2026-11-21T00:00:00Z')

  await t.test('a replaced key verifies for 24 hours, and signs nothing', async (t) => {
    const before = createAccessTokens([{ ...old, active: true, validUntil: undefined }, { ...next, active: false, validUntil: undefined }], start)
    const after = createAccessTokens([{ ...old, active: false, validUntil: new Date(start + 24 * HOUR).toISOString() }, { ...next, active: true, validUntil: undefined }], start)
    const { token } = before.sign(actor, start, 48 * 3600)
    t.same(after.verify(token, start + 24 * HOUR - 1).actor, actor)
    t.throws(() => after.verify(token, start + 24 * HOUR), { code: 'unauthenticated' })
    const fresh = after.sign(actor, start, 900)
    t.equal(JSON.parse(Buffer.from(fresh.token.split('.')[0]!, 'base64url').toString()).kid, 'next')
    t.same(before.verify(fresh.token, start).actor, actor, 'a replica that still signs with the old one knows the next one')
  })

  await t.test('without a date the 24 hours run from the start of the process', async (t) => {
    const { token } = createAccessTokens([{ ...old, active: true, validUntil: undefined }], start).sign(actor, start, 48 * 3600)
    const after = createAccessTokens([{ ...old, active: false, validUntil: undefined }, { ...next, active: true, validUntil: undefined }], start)
    t.doesNotThrow(() => after.verify(token, start + 24 * HOUR - 1))
    t.throws(() => after.verify(token, start + 24 * HOUR), { code: 'unauthenticated' })
  })

  await t.test('over HTTP: old tokens go on after a rotation, until their key is taken away', async (t) => {
    const keys = (...list: object[]) => ({ AUTH_JWT_KEYS: JSON.stringify(list) })
    const tomorrow = new Date(Date.now() + 24 * HOUR).toISOString()
    const before = await startTestApp(t, { env: keys({ ...old, active: true }), simulators: false })
    const rotated = await startTestApp(t, { env: keys({ ...old, active: false, validUntil: tomorrow }, { ...next, active: true }), simulators: false })
    const gone = await startTestApp(t, { env: keys({ ...next, active: true }), simulators: false })
    const { token } = await signIn(before)
    // Three deployments with databases of their own: a good token of nobody is 401 by account, a bad one by signature.
    const detail = async (app: TestApp) => (await me(app.url, token)).body.detail as string | undefined
    t.match(await detail(rotated), /account/)
    t.match(await detail(gone), /not valid/)
    t.equal((await signIn(rotated)).kind, 'customer')
  })
})

t.test('refresh tokens', async (t) => {
  const app = await startTestApp(t, { replicas: 2 })
  const [one, two] = app.replicas.map((replica) => replica.url) as [string, string]
  const familyEnded = async (person: SignedIn, refreshToken: string) => {
    t.match(await refresh(two, refreshToken), { status: 401 })
    const [row] = await app.query('select count(*)::int as alive from sign_ins where user_id = $1 and revoked_at is null', [person.id])
    return row!['alive'] === 0
  }

  await t.test('rotate: each is good once and brings the next', async (t) => {
    let { refreshToken } = await signIn(app)
    for (const url of [two, one, two]) {
      const answer = await refresh(url, refreshToken)
      t.equal(answer.status, 200)
      t.match(answer.body, { accessToken: /\./, accessTokenExpiresAt: /Z$/, refreshToken: /^[\w-]{43}$/ })
      t.not(answer.body.refreshToken, refreshToken)
      t.equal((await me(one, answer.body.accessToken)).status, 200)
      refreshToken = answer.body.refreshToken
    }
  })

  await t.test('a lost answer: the most recent one, repeated within 30 s, brings the same successor, once', async (t) => {
    const person = await signIn(app)
    const lost = await refresh(one, person.refreshToken)
    const retried = await refresh(two, person.refreshToken)
    t.equal(retried.status, 200)
    t.equal(retried.body.refreshToken, lost.body.refreshToken)
    t.equal((await me(one, retried.body.accessToken)).status, 200)
    const next = await refresh(one, retried.body.refreshToken)
    t.equal(next.status, 200, 'and that one goes on')

    const other = await signIn(app)
    const successor = (await refresh(one, other.refreshToken)).body.refreshToken
    await refresh(one, other.refreshToken)
    t.match(await refresh(two, other.refreshToken), { status: 401, body: { code: 'token_reused' } }, 'a second retry is a reuse')
    t.ok(await familyEnded(other, successor))
  })

  await t.test('repeated after 30 s, or after its successor was used: the whole family ends', async (t) => {
    const late = await signIn(app)
    const successor = (await refresh(one, late.refreshToken)).body.refreshToken
    await app.clock.advance(31)
    t.match(await refresh(one, late.refreshToken), { status: 401, body: { code: 'token_reused' } })
    t.ok(await familyEnded(late, successor))

    const old = await signIn(app)
    const second = (await refresh(one, old.refreshToken)).body
    const third = (await refresh(one, second.refreshToken)).body
    t.match(await refresh(two, old.refreshToken), { status: 401, body: { code: 'token_reused' } })
    t.ok(await familyEnded(old, third.refreshToken))
    t.match(await me(two, third.accessToken), { status: 401 }, 'its access tokens too')
  })

  await t.test('another sign-in of the same person is not touched by a reuse', async (t) => {
    const stolen = await signIn(app)
    const other = await signIn(app, { phone: stolen.phone })
    await refresh(one, stolen.refreshToken)
    await app.clock.advance(31)
    t.equal((await refresh(one, stolen.refreshToken)).body.code, 'token_reused')
    t.equal((await refresh(two, other.refreshToken)).status, 200)
  })

  await t.test('two at once get the same successor; of many more the family ends', async (t) => {
    const person = await signIn(app)
    const answers = await Promise.all([refresh(one, person.refreshToken), refresh(two, person.refreshToken)])
    t.same(answers.map((answer) => answer.status), [200, 200])
    t.equal(answers[0].body.refreshToken, answers[1].body.refreshToken)

    const thief = await signIn(app)
    const many = await Promise.all(Array.from({ length: 20 }, (_, index) => refresh(index % 2 ? one : two, thief.refreshToken)))
    t.ok(many.filter((answer) => answer.status === 200).length <= 2)
    t.ok(many.every((answer) => answer.status === 200 || answer.status === 401))
    t.ok(await familyEnded(thief, many.find((answer) => answer.status === 200)!.body.refreshToken))
  })

  await t.test('last 30 days from their own issue', async (t) => {
    const person = await signIn(app)
    await app.clock.advance(29 * 86_400)
    const renewed = await refresh(one, person.refreshToken)
    t.equal(renewed.status, 200)
    await app.clock.advance(30 * 86_400 + 1)
    t.match(await refresh(one, renewed.body.refreshToken), { status: 401, body: { code: 'token_expired' } })
    t.match(await refresh(one, 'never-issued-to-anybody'), { status: 401, body: { code: 'unauthenticated' } })
  })

  await t.test('bring nothing for a suspended or banned person, and again when that is over', async (t) => {
    const person = await signIn(app)
    await app.query(`update users set suspended_until = app_now() + interval '1 hour' where id = $1`, [person.id])
    t.match(await refresh(one, person.refreshToken), { status: 403, body: { code: 'account_suspended' } })
    await app.query(`update users set suspended_until = null where id = $1`, [person.id])
    t.equal((await refresh(two, person.refreshToken)).status, 200)
  })

  await t.test('neither they nor codes nor numbers stand in the database in clear', async (t) => {
    const person = await signIn(app)
    const renewed = await refresh(one, person.refreshToken)
    const challenge = await requestCode(one, person.phone)
    await verifyCode(one, challenge.body.challengeId)
    const rows = await app.query<{ text: string }>(`
      select row_to_json(r)::text as text from users r union all select row_to_json(r)::text from otp_challenges r
      union all select row_to_json(r)::text from refresh_tokens r union all select row_to_json(r)::text from sign_ins r`)
    const all = rows.map((row) => row.text).join('\n')
    const hex = (text: string) => Buffer.from(text).toString('hex')
    for (const canary of [person.phone.slice(3), hex(person.phone), person.refreshToken, hex(person.refreshToken), renewed.body.refreshToken, hex(renewed.body.refreshToken), person.token]) {
      t.notOk(all.includes(canary))
    }
    t.notOk(all.includes(hex('000000')))
  })
})
