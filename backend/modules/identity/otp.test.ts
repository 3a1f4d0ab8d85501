import pg from 'pg'
import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { newPhone, requestCode, signIn, verifyCode } from '../../testing/sign-in.ts'

const TIMES = 50
const count = (answers: { status: number; body: { code?: string } }[], status: number, code?: string) =>
  answers.filter((answer) => answer.status === status && (code === undefined || answer.body.code === code)).length
/** What the provider sent, and surely another code. */
const sentTo = (app: TestApp, phone: string) => app.simulators.control.fazpass.messages(phone).at(-1)!.otp
const wrongCode = (right: string) => (right === '111111' ? '222222' : '111111')

t.test('without a provider, in development', async (t) => {
  const app = await startTestApp(t, { replicas: 2 })
  const [one, two] = app.replicas.map((replica) => replica.url) as [string, string]

  await t.test('a number signs in, is made an account once, and is known the next time', async (t) => {
    const phone = newPhone()
    const challenge = await requestCode(one, phone)
    t.equal(challenge.status, 202)
    t.match(challenge.body, { challengeId: /^[0-9a-f-]{36}$/, expiresAt: /Z$/, resendAt: /Z$/ })
    const askedAtMs = Date.now()
    const verified = await verifyCode(two, challenge.body.challengeId, '000000', { deviceName: 'Pixel 9' })
    t.equal(verified.status, 200)
    t.match(verified.body, { accessToken: /\./, refreshToken: /^[\w-]{43}$/, user: { kind: 'customer', displayName: null, isNew: true } })
    const endsAtMs = Date.parse(verified.body.accessTokenExpiresAt)
    t.ok(endsAtMs > askedAtMs + 890_000 && endsAtMs <= Date.now() + 900_000, '15 minutes')
    const again = await signIn(app, { phone })
    t.match(again, { id: verified.body.user.id, isNew: false })
  })

  await t.test('one number may be a customer and a mitra: two accounts', async (t) => {
    const phone = newPhone()
    const customer = await signIn(app, { phone })
    const mitra = await signIn(app, { phone, kind: 'mitra' })
    t.not(customer.id, mitra.id)
    t.ok(mitra.isNew)
  })

  await t.test('two first sign-ins of a number at once make one account', async (t) => {
    const phone = newPhone()
    const first = (await requestCode(one, phone)).body.challengeId
    await app.query(`update otp_challenges set resend_at = app_now() where id = $1`, [first])
    const second = (await requestCode(one, phone)).body.challengeId
    // Both codes alive, as if the first had been used in the moment in which the second was asked for.
    await app.query(`update otp_challenges set superseded_at = null where id = $1`, [first])
    const answers = await Promise.all([verifyCode(one, first), verifyCode(two, second)])
    t.same(answers.map((answer) => answer.status), [200, 200])
    t.equal(answers[0].body.user.id, answers[1].body.user.id)
    t.equal(answers.filter((answer) => answer.body.user.isNew).length, 1)
  })

  await t.test('a right code 50 times at once, on two replicas, signs in once', async (t) => {
    const { challengeId } = (await requestCode(one, newPhone())).body
    const answers = await Promise.all(Array.from({ length: TIMES }, (_, index) => verifyCode(index % 2 ? one : two, challengeId)))
    t.equal(count(answers, 200), 1)
    t.equal(count(answers, 401) + count(answers, 429, 'otp_locked'), TIMES - 1)
    t.equal((await verifyCode(one, challengeId)).body.code, 'otp_invalid', 'used up')
  })

  await t.test('five wrong tries lock a code, one after another or at once', async (t) => {
    const { challengeId } = (await requestCode(one, newPhone())).body
    for (let attempt = 1; attempt <= 5; attempt++) t.match(await verifyCode(one, challengeId, '123456'), { status: 401, body: { code: 'otp_invalid' } })
    const locked = await verifyCode(two, challengeId)
    t.match(locked, { status: 429, body: { code: 'otp_locked' } }, 'the right one does not help any more')
    t.ok(Number(locked.headers['retry-after']) > 0)

    const other = (await requestCode(one, newPhone())).body.challengeId
    const answers = await Promise.all(Array.from({ length: TIMES }, (_, index) => verifyCode(index % 2 ? one : two, other, String(100_000 + index))))
    t.equal(count(answers, 401, 'otp_invalid'), 5)
    t.equal(count(answers, 429, 'otp_locked'), TIMES - 5)
    t.match(await verifyCode(one, other), { status: 429, body: { code: 'otp_locked' } })
  })

  await t.test('a code is over after 5 minutes, and when a new one is asked for', async (t) => {
    const phone = newPhone()
    const first = (await requestCode(one, phone)).body.challengeId
    await app.clock.advance(61)
    const second = (await requestCode(two, phone)).body.challengeId
    t.match(await verifyCode(one, first), { status: 401, body: { code: 'otp_expired' } }, 'ended by the new one')
    await app.clock.advance(300)
    t.match(await verifyCode(one, second), { status: 401, body: { code: 'otp_expired' } })
  })

  await t.test('what is no number, no code or not allowed is refused by name', async (t) => {
    t.match(await requestCode(one, 'rubbish'), { status: 400, body: { code: 'validation_failed', errors: [{ path: 'phone' }] } })
    t.match(await requestCode(one, '+14155552671'), { status: 403, body: { code: 'phone_not_allowed' } })
    t.match(await requestCode(one, newPhone(), 'staff' as 'customer'), { status: 400 })
    const { challengeId } = (await requestCode(one, newPhone())).body
    t.match(await verifyCode(one, challengeId, '12345'), { status: 400 })
    t.match(await verifyCode(one, challengeId, '000000', { kind: 'mitra' }), { status: 400, body: { code: 'validation_failed' } }, 'unknown field')
    t.match(await verifyCode(one, '01890000-0000-7000-8000-000000000000'), { status: 401, body: { code: 'otp_invalid' } })
    t.match(await verifyCode(one, challengeId), { status: 200 }, 'none of this cost a try')
  })

  await t.test('a suspended or banned number gets no token, of either kind, and the code is used up', async (t) => {
    for (const column of ['suspended_until', 'banned_at']) {
      const person = await signIn(app)
      await app.query(`update users set ${column} = app_now() + interval '1 hour' where id = $1`, [person.id])
      for (const kind of ['customer', 'mitra'] as const) {
        const challenge = await requestCode(one, person.phone, kind)
        t.equal(challenge.status, 202, 'the answer before is like any other')
        t.match(await verifyCode(two, challenge.body.challengeId), { status: 403, body: { code: 'account_suspended' } })
        t.match(await verifyCode(two, challenge.body.challengeId), { status: 401, body: { code: 'otp_invalid' } })
      }
    }
  })

  await t.test('after 180 idle days an account starts afresh: the number may have a new owner', async (t) => {
    const person = await signIn(app)
    await app.query(`update users set display_name = 'Rina', birth_date = '1990-01-01', last_active_at = app_now() - interval '179 days' where id = $1`, [person.id])
    await signIn(app, { phone: person.phone })
    t.match((await app.query('select display_name, history_from from users where id = $1', [person.id]))[0], { display_name: 'Rina', history_from: null })

    await app.query(`update users set last_active_at = app_now() - interval '181 days' where id = $1`, [person.id])
    const later = await signIn(app, { phone: person.phone })
    t.equal(later.id, person.id)
    const [row] = await app.query('select display_name, birth_date, history_from = last_active_at as afresh from users where id = $1', [person.id])
    t.match(row, { display_name: null, birth_date: null, afresh: true })
    t.equal((await app.query('select id from sign_ins where user_id = $1 and revoked_at is null', [person.id])).length, 1, 'earlier sign-ins have ended')
  })
})

t.test('with the provider', async (t) => {
  const app = await startTestApp(t, { replicas: 2, env: { FAZPASS_ENABLED: 'true' }, simulators: { fazpass: { fixedCode: null } } })
  const [one, two] = app.replicas.map((replica) => replica.url) as [string, string]
  t.beforeEach(() => app.simulators.control.resetFaults())

  await t.test('the code that arrived signs in, another and 000000 do not', async (t) => {
    const phone = newPhone()
    const { challengeId } = (await requestCode(one, phone)).body
    t.match(await verifyCode(one, challengeId, wrongCode(sentTo(app, phone))), { status: 401, body: { code: 'otp_invalid' } })
    t.equal((await verifyCode(two, challengeId, sentTo(app, phone))).status, 200)
    t.match(await verifyCode(one, challengeId, sentTo(app, phone)), { status: 401 }, 'replayed')
  })

  await t.test('50 at once: one signs in', async (t) => {
    const phone = newPhone()
    const { challengeId } = (await requestCode(one, phone)).body
    const answers = await Promise.all(Array.from({ length: TIMES }, (_, index) => verifyCode(index % 2 ? one : two, challengeId, sentTo(app, phone))))
    t.equal(count(answers, 200), 1)
  })
})

t.test('a provider that fails', async (t) => {
  const app = await startTestApp(t, { env: { FAZPASS_ENABLED: 'true' }, simulators: { fazpass: { fixedCode: null } } })
  const { control } = app.simulators

  await t.test('no code is promised, the attempt does not count, and the earlier code stays good', async (t) => {
    const phone = newPhone()
    const { challengeId } = (await requestCode(app.url, phone)).body
    const code = sentTo(app, phone)
    await app.clock.advance(61)
    control.setFaults({ fazpass: { api: { error: 500 } } })
    for (let attempt = 1; attempt <= 6; attempt++) {
      const refused = await requestCode(app.url, phone)
      t.match(refused, { status: 503, body: { code: 'not_ready' } })
      t.ok(Number(refused.headers['retry-after']) > 0)
    }
    t.match(await verifyCode(app.url, challengeId, code), { status: 503, body: { code: 'not_ready' } })
    control.resetFaults()
    t.equal((await verifyCode(app.url, challengeId, code)).status, 200)
    t.equal((await requestCode(app.url, phone)).status, 202)
  })

  await t.test('nonsense and a cut answer are no success either', async (t) => {
    const phone = newPhone()
    const { challengeId } = (await requestCode(app.url, phone)).body
    for (const error of ['garbage', 'truncate', 'reset', 'html502'] as const) {
      control.setFaults({ fazpass: { api: { error, operations: ['verify'] } } })
      t.equal((await verifyCode(app.url, challengeId, wrongCode(sentTo(app, phone)))).status, 503, error)
    }
    control.resetFaults()
  })
})

t.test('known and unknown numbers look the same', async (t) => {
  const app = await startTestApp(t, { env: { FAZPASS_ENABLED: 'true' }, simulators: { fazpass: { fixedCode: null } }, worker: { housekeeping: false, timed: false } })
  const known = newPhone()
  const first = await requestCode(app.url, known)
  await verifyCode(app.url, first.body.challengeId, sentTo(app, known))

  const texts: string[] = []
  const query = Reflect.get(pg.Client.prototype, 'query') as (...args: unknown[]) => unknown // only handed on
  t.teardown(() => void Reflect.set(pg.Client.prototype, 'query', query))
  Reflect.set(pg.Client.prototype, 'query', function record(this: pg.Client, ...args: unknown[]) {
    const [asked] = args as [string | { text: string }]
    texts.push(typeof asked === 'string' ? asked : asked.text)
    return Reflect.apply(query, this, args)
  })
  // The replica's own polls go on meanwhile.
  const statements = async (work: () => Promise<unknown>) => {
    texts.length = 0
    await work()
    return texts.filter((text) => /otp_challenges|users|advisory/.test(text) && !/sanctioned/.test(text))
  }
  const ask = (phone: string) => async () => {
    const answer = await requestCode(app.url, phone)
    t.same(Object.keys(answer.body).toSorted(), ['challengeId', 'expiresAt', 'resendAt'])
    t.equal((await verifyCode(app.url, answer.body.challengeId, wrongCode(sentTo(app, phone)))).body.code, 'otp_invalid')
  }
  const [ofKnown, ofUnknown] = [await statements(ask(known)), await statements(ask(newPhone()))]
  t.ok(ofKnown.length > 0)
  t.same(ofKnown, ofUnknown, 'the same statements: nothing looks for an account before the code is right')
  t.notMatch(ofKnown.join('\n'), /\busers\b/)
})
