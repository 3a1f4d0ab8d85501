import { TOTP } from 'otpauth'
import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { STAFF_PASSWORD, signInStaff, staffAccount, staffOf, type StaffClient } from '../../testing/staff.ts'

const NEW_PASSWORD = 'another-long-sentence'
t.test('the second factor', async (t) => {
  const app = await startTestApp(t, { simulators: false })
  // A code holds for its half minute: the next one begins only where the test says so.
  await app.db.clock.stop()
  const login = (body: object) => call(app.internalUrl, 'POST', '/internal/v1/auth/login', { body })

  /** The code at the database's time, some steps away. */
  async function codeOf(secret: string, steps = 0): Promise<string> {
    return new TOTP({ secret }).generate({ timestamp: (await app.clock.now()).getTime() + steps * 30_000 })
  }

  async function enrol(staff: StaffClient): Promise<{ secret: string; backupCodes: string[] }> {
    const { body } = await staff.call('POST', '/internal/v1/auth/totp/enrol')
    const confirmed = await staff.call('POST', '/internal/v1/auth/totp/confirm', { totp: await codeOf(body.secret) })
    return { secret: body.secret, backupCodes: confirmed.body.backupCodes }
  }

  t.test('an authenticator is enrolled, confirmed and from then on asked for', async (t) => {
    const account = await staffAccount(app, 'finance')
    const staff = await signInStaff(app, account)
    t.match(await staff.call('POST', '/internal/v1/auth/totp/confirm', { totp: '000000' }), { status: 409, body: { code: 'conflict' } }, 'nothing to confirm yet')
    const first = await staff.call('POST', '/internal/v1/auth/totp/enrol')
    t.match(first, { status: 200, body: { secret: /^[A-Z2-7]{32}$/, uri: /^otpauth:\/\/totp\/Halo%20Bestie:.*secret=/ } })
    const second = await staff.call('POST', '/internal/v1/auth/totp/enrol')
    t.not(second.body.secret, first.body.secret)
    t.equal((await login(account)).status, 200, 'not asked for before it is confirmed')
    t.match(await staff.call('POST', '/internal/v1/auth/totp/confirm', { totp: await codeOf(first.body.secret) }), { status: 400, body: { code: 'validation_failed' } }, 'the first secret is over')
    const code = await codeOf(second.body.secret)
    const both = await Promise.all([1, 2].map(() => staff.call('POST', '/internal/v1/auth/totp/confirm', { totp: code })))
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 409], 'two at once: one confirms')
    const codes = both.find((answer) => answer.status === 200)?.body.backupCodes
    t.equal(new Set(codes).size, 10)
    t.match(codes[0], /^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/)
    t.match(await staff.call('POST', '/internal/v1/auth/totp/enrol'), { status: 409 }, 'no second one beside it')
    const [row] = await app.query('select totp_secret from staff where email = $1', [account.email])
    t.notMatch(row?.['totp_secret'].toString('latin1'), second.body.secret, 'stored encrypted')
    t.strictSame(await app.query(`select * from staff_backup_codes where encode(code_hash, 'escape') like '%' || $1 || '%'`, [codes[0]]), [], 'stored hashed')

    const missing = await login(account)
    t.match(missing, { status: 401, body: { code: 'unauthenticated', errors: [{ path: 'totp', code: 'required' }] } })
    t.equal((await login({ ...account, password: 'wrong' })).body.errors, undefined, 'whoever has no password is not told')
    t.equal((await login({ ...account, totp: code })).status, 401, 'the code that confirmed is used')
  })

  t.test('a code opens once, also for two at once, and steps only go forward', async (t) => {
    const account = await staffAccount(app, 'finance')
    const { secret } = await enrol(await signInStaff(app, account))
    await app.clock.advance(90)
    const totp = await codeOf(secret)
    const both = await Promise.all([login({ ...account, totp }), login({ ...account, totp })])
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 401])
    t.equal((await login({ ...account, totp })).status, 401, 'again')
    t.equal((await login({ ...account, totp: await codeOf(secret, -1) })).status, 401, 'an earlier one')
    t.equal((await login({ ...account, totp: await codeOf(secret, 1) })).status, 200, 'a phone that is ahead by a step')
    t.equal((await login({ ...account, totp: await codeOf(secret, 5) })).status, 401, 'not by five')
  })

  t.test('guesses of codes lock the account like guesses of passwords', async (t) => {
    const account = await staffAccount(app, 'finance')
    const { secret, backupCodes } = await enrol(await signInStaff(app, account))
    await app.clock.advance(90)
    const wrong = Array.from({ length: 5 }, (_, index) => String(index).repeat(6))
    const right = await codeOf(secret)
    for (const totp of wrong.map((code) => (code === right ? '999999' : code))) t.equal((await login({ ...account, totp })).status, 401)
    t.equal((await login({ ...account, totp: await codeOf(secret) })).status, 401, 'locked')
    t.equal((await login({ ...account, totp: backupCodes[0] })).status, 401)
    t.strictSame(await app.query(`select used_at from staff_backup_codes where used_at is not null and staff_id = (select id from staff where email = $1)`, [account.email]), [], 'no backup code was burnt by it')
  })

  t.test('a backup code opens once, however it is typed', async (t) => {
    const account = await staffAccount(app, 'finance')
    const { backupCodes } = await enrol(await signInStaff(app, account))
    const [first = '', second = ''] = backupCodes
    const both = await Promise.all([login({ ...account, totp: first }), login({ ...account, totp: first })])
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 401])
    t.equal((await login({ ...account, totp: second.toUpperCase().replaceAll('-', ' ') })).status, 200)
    t.equal((await login({ ...account, totp: second })).status, 401)
    const other = await staffAccount(app, 'finance')
    await enrol(await signInStaff(app, other))
    t.equal((await login({ ...other, totp: backupCodes[2] })).status, 401, 'and only for its own account')
  })

  t.test('new backup codes are made with a code of the authenticator, and end the old ones', async (t) => {
    const account = await staffAccount(app, 'finance')
    const staff = await signInStaff(app, account)
    const renew = (totp: string) => staff.call('POST', '/internal/v1/auth/totp/backup-codes', { totp })
    t.match(await renew('123456'), { status: 409, body: { code: 'conflict' } }, 'not without an authenticator')
    const { secret, backupCodes } = await enrol(staff)
    t.match(await renew(await codeOf(secret)), { status: 403 }, 'the code that confirmed it is used')
    t.equal((await renew(backupCodes[0]!)).status, 400, 'a backup code makes no new ones')
    await app.clock.advance(90)
    const totp = await codeOf(secret)
    const both = await Promise.all([renew(totp), renew(totp)])
    t.strictSame(both.map((answer) => answer.status).toSorted((a, b) => a - b), [200, 403], 'two at once: one has them')
    const fresh = both.find((answer) => answer.status === 200)?.body.backupCodes as string[]
    t.equal(new Set([...fresh, ...backupCodes]).size, 20)
    t.strictSame([(await login({ ...account, totp: backupCodes[1] })).status, (await login({ ...account, totp: fresh[0] })).status], [401, 200])
    for (let guess = 0; guess < 5; guess++) await renew('000000')
    await app.clock.advance(90)
    t.equal((await renew(await codeOf(secret))).status, 403, 'guesses lock the account')
    t.strictSame(await app.query(`select act from audit_log where target_id = $1 and act in ('staff.backup_codes_renewed', 'staff.locked') order by seq`, [staff.id]), [{ act: 'staff.backup_codes_renewed' }, { act: 'staff.locked' }])
  })

  t.test('what must be done first opens only its own routes', async (t) => {
    const account = await staffAccount(app, 'admin')
    await app.query('update staff set must_change_password = true, totp_required = true where email = $1', [account.email])
    const staff = await signInStaff(app, account)
    t.match(await staff.call('GET', '/internal/v1/auth/me'), { status: 200, body: { required: ['password', 'totp'] } })
    for (const [method, path] of [['GET', '/settings'], ['PUT', '/settings/holdSeconds'], ['GET', '/mitras'], ['GET', '/audit'], ['GET', '/system']] as const) {
      t.match(await staff.call(method, `/internal/v1${path}`, method === 'PUT' ? { value: 100 } : undefined), { status: 403, body: { code: 'forbidden', errors: [{ code: 'password' }, { code: 'totp' }] } }, path)
    }
    const changed = await staff.call('POST', '/internal/v1/auth/password', { currentPassword: STAFF_PASSWORD, newPassword: NEW_PASSWORD })
    t.match(changed, { status: 200, body: { required: ['totp'], csrfToken: staff.csrfToken } })
    t.equal((await staff.call('GET', '/internal/v1/settings')).status, 403)
    const { body } = await staff.call('POST', '/internal/v1/auth/totp/enrol')
    t.strictSame((await staff.call('POST', '/internal/v1/auth/totp/confirm', { totp: await codeOf(body.secret) })).body.required, [])
    t.equal((await staff.call('GET', '/internal/v1/settings')).status, 200)
  })

  t.test('a new password replaces the old one and ends the other sessions', async (t) => {
    const account = await staffAccount(app, 'viewer')
    const [staff, other] = [await signInStaff(app, account), await signInStaff(app, account)]
    const change = (currentPassword: string, newPassword: string) => staff.call('POST', '/internal/v1/auth/password', { currentPassword, newPassword })
    t.match(await change(STAFF_PASSWORD, 'short'), { status: 400, body: { code: 'validation_failed' } })
    t.match(await change(STAFF_PASSWORD, STAFF_PASSWORD), { status: 400, body: { errors: [{ path: 'newPassword', code: 'unchanged' }] } })
    t.match(await change('wrong', NEW_PASSWORD), { status: 403, body: { code: 'forbidden' } })
    t.equal((await call(app.internalUrl, 'POST', '/internal/v1/auth/password', { body: { currentPassword: STAFF_PASSWORD, newPassword: NEW_PASSWORD } })).status, 401, 'nobody')
    t.equal((await call(app.internalUrl, 'POST', '/internal/v1/auth/password', { body: { currentPassword: STAFF_PASSWORD, newPassword: NEW_PASSWORD }, headers: { cookie: staff.cookie } })).status, 403, 'without the CSRF token')
    const both = await Promise.all([change(STAFF_PASSWORD, NEW_PASSWORD), change(STAFF_PASSWORD, `${NEW_PASSWORD}-2`)])
    t.equal(both.filter((answer) => answer.status === 200).length, 1, 'two at once: one wins')
    t.equal(both.filter((answer) => answer.status === 409).length, 1)
    t.equal((await other.call('GET', '/internal/v1/auth/me')).status, 401)
    t.equal((await staff.call('GET', '/internal/v1/auth/me')).status, 200)
    t.equal((await login(account)).status, 401)
    const winner = both[0].status === 200 ? NEW_PASSWORD : `${NEW_PASSWORD}-2`
    t.equal((await login({ ...account, password: winner })).status, 200)
  })

  t.test('guessing the current password from within a session locks the account too', async (t) => {
    const staff = await staffOf(app, 'viewer')
    for (let guess = 0; guess < 5; guess++) await staff.call('POST', '/internal/v1/auth/password', { currentPassword: `guess ${guess}`, newPassword: NEW_PASSWORD })
    t.equal((await staff.call('POST', '/internal/v1/auth/password', { currentPassword: STAFF_PASSWORD, newPassword: NEW_PASSWORD })).status, 403)
    t.strictSame(await app.query(`select act from audit_log where act in ('staff.locked', 'staff.password_changed') and target_id = $1`, [staff.id]), [{ act: 'staff.locked' }])
  })

})
