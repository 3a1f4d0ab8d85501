import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { newPhone, requestCode, signIn, verifyCode } from '../../testing/sign-in.ts'
import { assertMayTakePart, findDeviceTokens } from './index.ts'

const PATHS = [
  ['GET', '/api/v1/me'], ['PATCH', '/api/v1/me'], ['GET', '/api/v1/me/preferences'], ['PUT', '/api/v1/me/preferences'], ['GET', '/api/v1/me/consents'],
  ['POST', '/api/v1/me/consents'], ['GET', '/api/v1/me/sign-ins'], ['DELETE', '/api/v1/me/sign-ins/01890000-0000-7000-8000-000000000000'],
  ['POST', '/api/v1/me/devices'], ['DELETE', '/api/v1/me/devices/01890000-0000-7000-8000-000000000000'], ['POST', '/api/v1/me/phone'],
] as const

t.test('what belongs to the caller', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false, atNoon: true })
  const [one, two] = app.replicas.map((replica) => replica.url) as [string, string]
  const { ctx } = app.replicas[0]!
  const as = (token: string, url = one) => (method: string, path: string, body?: unknown) => call(url, method, `/api/v1/me${path}`, { token, body })

  await t.test('nobody gets in without a token, and no body takes more than it declares', async (t) => {
    const { token } = await signIn(app)
    for (const [method, path] of PATHS) {
      t.match(await call(one, method, path), { status: 401, body: { code: 'unauthenticated' } }, `${method} ${path}`)
      if (method !== 'GET') t.match(await call(one, method, path, { token, body: { isAdmin: true } }), { status: 400, body: { code: 'validation_failed' } }, `${method} ${path} with more`)
    }
  })

  await t.test('the profile is shown and changed, only where something is given', async (t) => {
    const person = await signIn(app)
    const mine = as(person.token)
    t.match((await mine('GET', '')).body, { id: person.id, kind: 'customer', phone: person.phone, displayName: null, language: 'id', timeZone: 'Asia/Jakarta' })
    const changed = await mine('PATCH', '', { displayName: '  Rina  ', birthDate: '1995-05-17', gender: 'female', language: 'en', timeZone: 'Asia/Makassar' })
    t.match(changed, { status: 200, body: { displayName: 'Rina', birthDate: '1995-05-17', gender: 'female', language: 'en', timeZone: 'Asia/Makassar' } })
    t.match((await mine('PATCH', '', {})).body, { displayName: 'Rina', gender: 'female' })
    t.match((await mine('PATCH', '', { gender: null })).body, { displayName: 'Rina', gender: null })
    const both = await Promise.all([mine('PATCH', '', { displayName: 'A' }), as(person.token, two)('PATCH', '', { language: 'id' })])
    t.same(both.map((answer) => answer.status), [200, 200])
    t.match((await mine('GET', '')).body, { displayName: 'A', language: 'id' }, 'two at once lose nothing of each other')
  })

  await t.test('what can’t be is refused', async (t) => {
    const mine = as((await signIn(app)).token)
    const table: object[] = [
      { displayName: '' }, { displayName: '   ' }, { displayName: 'a'.repeat(51) }, { displayName: 'a\nb' }, { displayName: 'a\u202Eb' },
      { birthDate: '17-05-1995' }, { birthDate: '1995-02-30' }, { birthDate: '1850-01-01' }, { gender: 'x' }, { language: 'Bahasa' }, { timeZone: 'Asia/Nowhere' },
    ]
    for (const body of table) t.match(await mine('PATCH', '', body), { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(body))
  })

  await t.test('adults only; the birth date is fixed once it was used', async (t) => {
    const person = await signIn(app)
    const mine = as(person.token)
    const [{ today }] = (await app.query<{ today: string }>(`select to_char(app_now() at time zone 'Asia/Jakarta', 'YYYY-MM-DD') as today`)) as [{ today: string }]
    const yearsAgo = (years: number, days = 0) => {
      const date = new Date(`${today}T00:00:00Z`)
      date.setUTCFullYear(date.getUTCFullYear() - years)
      date.setUTCDate(date.getUTCDate() + days)
      return date.toISOString().slice(0, 10)
    }
    t.match(await mine('PATCH', '', { birthDate: yearsAgo(18, 1) }), { status: 403, body: { code: 'age_refused' } })
    t.equal((await mine('PATCH', '', { birthDate: yearsAgo(18) })).status, 200)
    t.equal((await mine('PATCH', '', { birthDate: '1990-01-01' })).status, 200, 'a slip can be corrected')
    const { items } = (await mine('GET', '/consents')).body
    for (const { document, version } of items) await mine('POST', '/consents', { document, version })
    await assertMayTakePart(ctx.sql, ctx.settings, person.id)
    t.match(await mine('PATCH', '', { birthDate: '1991-01-01' }), { status: 409, body: { code: 'conflict' } })
    t.equal((await mine('PATCH', '', { birthDate: '1990-01-01', displayName: 'Rina' })).status, 200, 'the same one is no change')
  })

  await t.test('consents: the current version of each, accepted once, and what they are needed for', async (t) => {
    const person = await signIn(app)
    const mine = as(person.token)
    const mayTakePart = () => assertMayTakePart(ctx.sql, ctx.settings, person.id)
    t.same((await mine('GET', '/consents')).body.items, [{ document: 'terms', version: '2026-01' }, { document: 'privacy', version: '2026-01' }])
    await t.rejects(mayTakePart(), { code: 'consent_required', errors: [{ path: 'terms' }, { path: 'privacy' }, { path: 'birthDate' }] })
    t.match(await mine('POST', '/consents', { document: 'terms', version: '2020-01' }), { status: 400, body: { code: 'validation_failed', errors: [{ path: 'version' }] } })
    t.match(await mine('POST', '/consents', { document: 'cookies', version: '2026-01' }), { status: 400 })
    const body = { document: 'terms', version: '2026-01' }
    const [first, second] = await Promise.all([mine('POST', '/consents', body), as(person.token, two)('POST', '/consents', body)])
    t.same([first.status, second.status], [201, 201])
    t.equal(first.body.acceptedAt, second.body.acceptedAt)
    await mine('PATCH', '', { birthDate: '1990-01-01' })
    await t.rejects(mayTakePart(), { code: 'consent_required', errors: [{ path: 'privacy' }] })
    await mine('POST', '/consents', { document: 'privacy', version: '2026-01' })
    await mayTakePart()
    t.match((await mine('GET', '/consents')).body.items, [{ acceptedAt: first.body.acceptedAt }, { acceptedAt: /Z$/ }])

    await app.query(`update users set history_from = app_now() + interval '1 second' where id = $1`, [person.id])
    await app.clock.advance(2)
    await t.rejects(mayTakePart(), { code: 'consent_required' }, 'an earlier owner of the number may have given them')
    const renewed = await mine('POST', '/consents', body)
    t.ok(renewed.body.acceptedAt > first.body.acceptedAt)

    await app.query(`update users set suspended_until = app_now() + interval '1 hour' where id = $1`, [person.id])
    await t.rejects(mayTakePart(), { code: 'account_suspended' })
  })

  await t.test('preferences: defaults, then what was put, whole', async (t) => {
    const person = await signIn(app)
    const mine = as(person.token)
    const defaults = { theme: 'light', notificationsEnabled: true, emailDigest: 'daily' }
    t.same((await mine('GET', '/preferences')).body, defaults)
    t.same((await mine('PUT', '/preferences', { theme: 'dark' })).body, { ...defaults, theme: 'dark' })
    t.match(await mine('PUT', '/preferences', { theme: 'pink' }), { status: 400 })
    const both = await Promise.all([mine('PUT', '/preferences', { theme: 'auto' }), as(person.token, two)('PUT', '/preferences', { emailDigest: 'none' })])
    t.same(both.map((answer) => answer.status), [200, 200])
    const now = (await mine('GET', '/preferences')).body
    t.ok([now.theme, now.emailDigest].join() === 'auto,daily' || [now.theme, now.emailDigest].join() === 'light,none', 'one of the two, whole')
  })

  await t.test('push tokens: registered, moved with the phone, removed, gone with the sign-in', async (t) => {
    const person = await signIn(app)
    const mine = as(person.token)
    const tokens = async (id: string) => (await findDeviceTokens(ctx.sql, [id])).get(id)?.map((device) => device.token) ?? []
    const device = { token: 'fcm-token-of-a-phone', platform: 'android' }
    const both = await Promise.all([mine('POST', '/devices', device), as(person.token, two)('POST', '/devices', device)])
    t.same(both.map((answer) => answer.status), [201, 201])
    t.equal(both[0].body.id, both[1].body.id, 'two at once are one device')
    t.same(Object.keys(both[0].body).toSorted(), ['createdAt', 'id', 'lastSeenAt', 'platform'])
    t.same(await tokens(person.id), [device.token])
    t.match(await mine('POST', '/devices', { ...device, platform: 'fridge' }), { status: 400 })

    const stranger = await signIn(app)
    t.match(await as(stranger.token)('DELETE', `/devices/${both[0].body.id}`), { status: 404, body: { code: 'not_found' } })
    await as(stranger.token)('POST', '/devices', device)
    t.same([await tokens(person.id), await tokens(stranger.id)], [[], [device.token]], 'whoever registered it last has it')

    const own = (await mine('POST', '/devices', { token: 'another-token', platform: 'ios' })).body
    await mine('PUT', '/preferences', { notificationsEnabled: false })
    t.same(await tokens(person.id), [], 'nothing to push to for those who want nothing')
    await mine('PUT', '/preferences', {})
    t.same((await Promise.all([mine('DELETE', `/devices/${own.id}`), as(person.token, two)('DELETE', `/devices/${own.id}`)])).map((answer) => answer.status).toSorted((a, b) => a - b), [200, 404])

    for (let index = 0; index < 12; index++) await mine('POST', '/devices', { token: `token-number-${index}`, platform: 'web' })
    t.equal((await tokens(person.id)).length, 10, 'the oldest give way')
    await call(one, 'POST', '/api/v1/auth/logout', { token: person.token })
    t.same(await tokens(person.id), [])
  })
})

t.test('changing the number', async (t) => {
  const app = await startTestApp(t, { replicas: 2, simulators: false })
  const [one, two] = app.replicas.map((replica) => replica.url) as [string, string]
  const move = (url: string, token: string, challengeId: string, code = '000000') => call(url, 'POST', '/api/v1/me/phone', { token, body: { challengeId, code } })

  await t.test('takes a code that went to the new one, and ends every other sign-in', async (t) => {
    const person = await signIn(app)
    const tablet = await signIn(app, { phone: person.phone })
    const phone = newPhone()
    const { challengeId } = (await requestCode(one, phone)).body
    t.match(await move(one, person.token, challengeId, '111111'), { status: 401, body: { code: 'otp_invalid' } })
    t.match(await move(one, person.token, challengeId), { status: 200, body: { id: person.id, phone } })
    t.equal((await call(one, 'GET', '/api/v1/me', { token: person.token })).status, 200)
    t.equal((await call(one, 'GET', '/api/v1/me', { token: tablet.token })).status, 401)
    t.match(await move(one, person.token, challengeId), { status: 401 }, 'used up')
    t.match(await signIn(app, { phone }), { id: person.id, isNew: false })
    t.equal((await signIn(app, { phone: person.phone })).isNew, true, 'the old one is free')
  })

  await t.test('a number that has an account of this kind stays with it', async (t) => {
    const person = await signIn(app)
    const holder = await signIn(app)
    t.match(await move(one, person.token, (await requestCode(one, holder.phone)).body.challengeId), { status: 409, body: { code: 'conflict' } })
    const asMitra = (await requestCode(one, newPhone(), 'mitra')).body.challengeId
    t.match(await move(one, person.token, asMitra), { status: 401, body: { code: 'otp_invalid' } }, 'a code of the other app')
    t.equal((await call(one, 'GET', '/api/v1/me', { token: person.token })).body.phone, person.phone)
    t.equal((await signIn(app, { phone: holder.phone })).id, holder.id)
  })

  await t.test('two who take the same number at once: one has it', async (t) => {
    const people = [await signIn(app), await signIn(app)] as const
    const phone = newPhone()
    const first = (await requestCode(one, phone)).body.challengeId
    await app.query('update otp_challenges set resend_at = app_now() where id = $1', [first])
    const second = (await requestCode(one, phone)).body.challengeId
    await app.query('update otp_challenges set superseded_at = null where id = $1', [first])
    const answers = await Promise.all([move(one, people[0].token, first), move(two, people[1].token, second)])
    t.same(answers.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 409])
    t.equal((await signIn(app, { phone })).isNew, false)
  })

  await t.test('to a banned number it does not work', async (t) => {
    const banned = await signIn(app, { kind: 'mitra' })
    await app.query('update users set banned_at = app_now() where id = $1', [banned.id])
    const person = await signIn(app)
    const { challengeId } = (await requestCode(one, banned.phone)).body
    t.match(await move(one, person.token, challengeId), { status: 403, body: { code: 'account_suspended' } })
    t.equal((await verifyCode(one, challengeId)).status, 401, 'and the code is used up')
  })
})
