import { randomBytes } from 'node:crypto'
import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { STAFF_PASSWORD, signInStaff, staffAccount, staffOf } from '../../testing/staff.ts'

const LOGIN = '/internal/v1/auth/login'
t.test('staff sign in', async (t) => {
  const app = await startTestApp(t, { simulators: false, replicas: 2, env: { CC_ORIGIN: 'https://cc.example' } })
  const login = (body: object, replica = 0) => call(app.replicas[replica]!.internalUrl, 'POST', LOGIN, { body })

  t.test('signing in gives a session cookie and a CSRF token, signing out takes them away', async (t) => {
    const account = await staffAccount(app, 'moderator')
    const answer = await login({ ...account, email: account.email.toUpperCase() })
    t.match(answer, { status: 200, body: { csrfToken: /^[\w-]{43}$/, staff: { email: account.email, role: 'moderator', totpEnrolled: false } } })
    t.strictSame(answer.body.required, [])
    t.match(answer.headers['set-cookie'], /^staff=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
    t.notMatch(answer.text, /password_?hash|argon2/i)

    const staff = await signInStaff(app, account)
    t.match(await staff.call('GET', '/internal/v1/auth/me'), { status: 200, body: { csrfToken: staff.csrfToken, staff: { id: staff.id } } })
    t.match(await app.query('select id from staff_sessions where staff_id = $1', [staff.id]), [{}, {}], 'each sign-in is a session')
    const out = await staff.call('POST', '/internal/v1/auth/logout')
    t.match(out, { status: 200, headers: { 'set-cookie': /^staff=; Max-Age=0;/ } })
    t.equal((await staff.call('GET', '/internal/v1/auth/me')).status, 401)
    t.equal((await staff.call('POST', '/internal/v1/auth/logout')).status, 401)
    const acts = await app.query('select act, target_type, request_id from audit_log where actor_id = $1 order by seq', [staff.id])
    t.match(acts, [{ act: 'staff.signed_in', target_type: 'staff_session', request_id: /^[\w-]{36}$/ }, { act: 'staff.signed_in' }, { act: 'staff.signed_out' }])
  })

  t.test('outside development the cookie is Secure and bound to the host', async (t) => {
    const staging = await startTestApp(t, {
      simulators: false,
      env: {
        APP_ENV: 'staging', AUTH_JWT_KEYS: JSON.stringify([{ kid: 'one', secret: randomBytes(32).toString('base64url'), active: true }]),
        DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'one', key: randomBytes(32).toString('base64'), active: true }]), PHONE_HASH_KEY: randomBytes(32).toString('base64url'),
      },
    })
    const answer = await call(staging.internalUrl, 'POST', LOGIN, { body: await staffAccount(staging, 'admin') })
    t.match(answer.headers['set-cookie'], /^__Host-staff=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    const token = /__Host-staff=([\w-]+)/.exec(answer.headers['set-cookie'] ?? '')?.[1]
    t.equal((await call(staging.internalUrl, 'GET', '/internal/v1/auth/me', { headers: { cookie: `__Host-staff=${token}` } })).status, 200)
    t.equal((await call(staging.internalUrl, 'GET', '/internal/v1/auth/me', { headers: { cookie: `staff=${token}` } })).status, 401, 'under another name it is nothing')

    const boss = await staffOf(staging, 'super_admin')
    t.match([(await boss.call('GET', '/internal/v1/auth/me')).body.required, (await boss.call('GET', '/internal/v1/staff')).status], [['totp'], 403], 'who holds the keys has an authenticator first')
    await staging.query('update staff set totp_confirmed_at = app_now() where id = $1', [boss.id])
    const viewer = await staffOf(staging, 'viewer')
    const change = (body: object) => boss.call('PATCH', `/internal/v1/staff/${viewer.id}`, body)
    t.match(await change({ totpRequired: false }), { status: 200, body: { totpRequired: false } })
    t.match(await change({ role: 'finance' }), { status: 200, body: { totpRequired: true } }, 'so has who gets to the money')
    t.match(await viewer.call('GET', '/internal/v1/inbox-events'), { status: 403, body: { errors: [{ code: 'totp' }] } })
    t.match(await change({ totpRequired: false }), { status: 409, body: { code: 'conflict' } })
    t.match((await boss.call('POST', '/internal/v1/staff', { email: 'fina@staff.example', displayName: 'Fina', role: 'finance', totpRequired: false })).body, { totpRequired: true })
  })

  t.test('unknown e-mail, wrong password, inactive and locked account answer the same', async (t) => {
    const [wrong, locked, inactive] = [await staffAccount(app, 'admin'), await staffAccount(app, 'admin'), await staffAccount(app, 'admin')]
    await app.query('update staff set active = false where email = $1', [inactive.email])
    for (let attempt = 0; attempt < 5; attempt++) await login({ email: locked.email, password: 'wrong' })
    const answers = [
      await login({ email: 'nobody@staff.example', password: STAFF_PASSWORD }),
      await login({ email: wrong.email, password: 'wrong' }),
      await login(locked),
      await login(inactive),
    ]
    for (const answer of answers) {
      const { requestId: _id, ...body } = answer.body
      t.match(answer, { status: 401, headers: { 'set-cookie': undefined } })
      t.strictSame(body, (({ requestId: _first, ...first }) => first)(answers[0]!.body))
    }
    t.match(await login({ email: 'not an address', password: 'x' }), { status: 400, body: { code: 'validation_failed' } })
    t.match(await login({ ...wrong, role: 'super_admin' }), { status: 400 }, 'no field more')
  })

  t.test('an unknown e-mail takes as long as a wrong password', async (t) => {
    const times: Record<string, number[]> = { known: [], unknown: [] }
    for (let round = 0; round < 6; round++) {
      const { email } = await staffAccount(app, 'admin')
      for (const [name, measured] of Object.entries(times)) {
        const address = name === 'known' ? email : 'nobody@staff.example'
        const startedMs = performance.now()
        await login({ email: address, password: 'wrong' })
        measured.push(performance.now() - startedMs)
      }
    }
    const [known = 0, unknown = 0] = Object.values(times).map((measured) => Math.min(...measured))
    t.ok(unknown > known / 5, `known ${known.toFixed()} ms, unknown ${unknown.toFixed()} ms`)
  })

  t.test('five failures lock for two hours; of fifty guesses at once at most five are looked at', async (t) => {
    const account = await staffAccount(app, 'admin')
    const guesses = await Promise.all(Array.from({ length: 50 }, (_, index) => login({ email: account.email, password: `guess ${index}` }, index % 2)))
    t.ok(guesses.every((guess) => guess.status === 401))
    t.match(await app.query(`select failed_attempts, locked_until > app_now() + interval '119 minutes' as locked from staff where email = $1`, [account.email]), [{ failed_attempts: 5, locked: true }], 'counted to five and no further')
    t.strictSame(await app.query(`select act from audit_log where act = 'staff.locked' and target_id = (select id::text from staff where email = $1)`, [account.email]), [{ act: 'staff.locked' }], 'told once')
    t.equal((await login(account)).status, 401, 'the right password does not open it')
    await app.clock.advance(7200 - 60)
    t.equal((await login(account)).status, 401)
    await app.clock.advance(61)
    t.equal((await login({ email: account.email, password: 'wrong' })).status, 401, 'afterwards the count begins anew')
    t.equal((await login(account)).status, 200)
    t.match(await app.query('select failed_attempts, locked_until from staff where email = $1', [account.email]), [{ failed_attempts: 0, locked_until: null }])
  })

  t.test('a session ends after an hour idle, and after twelve hours in any case', async (t) => {
    const idle = await staffOf(app, 'admin')
    const busy = await staffOf(app, 'admin')
    const isIn = async (staff: typeof idle) => (await staff.call('GET', '/internal/v1/auth/me')).status === 200
    await app.clock.advance(3500)
    t.equal(await isIn(busy), true)
    await app.clock.advance(3500)
    t.equal(await isIn(idle), false)
    t.equal(await isIn(busy), true)
    for (let hours = 2; hours < 12; hours++) {
      await app.clock.advance(3500)
      await isIn(busy)
    }
    t.equal(await isIn(busy), true)
    await app.clock.advance(1300)
    t.equal(await isIn(busy), false, 'although it was busy')
  })

  t.test('telling who calls writes at most once a minute', async (t) => {
    const staff = await staffOf(app, 'admin')
    const seen = async () => (await app.query('select last_seen_at, xmin::text from staff_sessions where staff_id = $1', [staff.id]))[0]
    const before = await seen()
    for (let request = 0; request < 3; request++) await staff.call('GET', '/internal/v1/auth/me')
    t.strictSame(await seen(), before, 'nothing within the minute')
    await app.clock.advance(61)
    await staff.call('GET', '/internal/v1/auth/me')
    const after = await seen()
    t.not(after?.['xmin'], before?.['xmin'])
    await staff.call('GET', '/internal/v1/auth/me')
    t.strictSame(await seen(), after)
  })

  t.test('a changing call needs the CSRF token of this session and no foreign origin', async (t) => {
    const staff = await staffOf(app, 'super_admin')
    const other = await staffOf(app, 'super_admin')
    const put = (headers: Record<string, string>) => call(app.internalUrl, 'PUT', '/internal/v1/settings/holdSeconds', { body: { value: 100 }, headers: { cookie: staff.cookie, ...headers } })
    const refused: [string, Record<string, string>][] = [
      ['none', {}], ['empty', { 'x-csrf-token': '' }], ['of another session', { 'x-csrf-token': other.csrfToken }], ['almost', { 'x-csrf-token': `${staff.csrfToken.slice(0, -1)}!` }],
      ['foreign origin', { 'x-csrf-token': staff.csrfToken, origin: 'https://evil.example' }], ['null origin', { 'x-csrf-token': staff.csrfToken, origin: 'null' }],
      ['an origin that begins alike', { 'x-csrf-token': staff.csrfToken, origin: 'https://cc.example.evil.example' }],
    ]
    for (const [name, headers] of refused) t.match(await put(headers), { status: 403, body: { code: 'forbidden' } }, name)
    t.strictSame(await app.query('select * from settings'), [])
    t.equal((await put({ 'x-csrf-token': staff.csrfToken })).status, 200, 'no origin: not a browser')
    t.equal((await put({ 'x-csrf-token': staff.csrfToken, origin: 'https://cc.example' })).status, 200, 'the control center')
    t.equal((await put({ 'x-csrf-token': staff.csrfToken, origin: app.internalUrl })).status, 200, 'our own page')
    t.equal((await call(app.internalUrl, 'POST', LOGIN, { body: await staffAccount(app, 'viewer'), headers: { origin: 'https://evil.example' } })).status, 403, 'nor is anybody signed in from elsewhere')
    t.equal((await call(app.internalUrl, 'POST', LOGIN, { body: 'email=a', headers: { 'content-type': 'text/plain' } })).status, 415)
  })

})
