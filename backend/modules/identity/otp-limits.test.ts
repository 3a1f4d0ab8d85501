import { randomBytes } from 'node:crypto'
import t from 'tap'
import { startTestApp, type TestApp, type TestAppOptions } from '../../testing/app.ts'
import { newPhone, requestCode, verifyCode } from '../../testing/sign-in.ts'

/** Staging: the limits as they are, without the factor of development. */
const STAGING: Record<string, string | undefined> = {
  APP_ENV: 'staging', FAZPASS_ENABLED: 'true', FCM_SIMULATOR: undefined, TRUST_PROXY: '127.0.0.1',
  AUTH_JWT_KEYS: JSON.stringify([{ kid: 'a', secret: randomBytes(32).toString('base64'), active: true }]),
  DATA_ENCRYPTION_KEYS: JSON.stringify([{ id: 'a', key: randomBytes(32).toString('base64'), active: true }]),
  PHONE_HASH_KEY: randomBytes(32).toString('base64'),
}
const start = (t: Parameters<typeof startTestApp>[0], options: TestAppOptions = {}) =>
  startTestApp(t, { replicas: 2, ...options, env: { ...STAGING, ...options.env }, settings: { anonymousRequests: 1_000_000, ...options.settings } })

const from = (ip: string) => ({ 'x-forwarded-for': ip })
/** Numbers of one prefix: their first 8 characters are equal. */
const ofPrefix = (prefix: string, index: number) => `+628${prefix}${String(index).padStart(12 - prefix.length - 2, '0')}`
const lift = (app: TestApp) => app.query(`update otp_challenges set resend_at = app_now() - interval '1 second'`)

t.test('each limit lets through exactly as many as it says, one after another', async (t) => {
  const app = await start(t, { replicas: 1, settings: { otpPerIpHour: 6, otpPerPrefixHour: 7 } })
  t.afterEach(() => app.query('delete from otp_challenges'))
  let ip = 0
  const anyIp = () => from(`10.1.0.${++ip}`)

  await t.test('60 s between two codes of a number', async (t) => {
    const phone = newPhone()
    const first = await requestCode(app.url, phone, 'customer', anyIp())
    const soon = await requestCode(app.url, phone, 'mitra', anyIp())
    t.match(soon, { status: 429, body: { code: 'otp_resend_too_soon' } })
    const waitSeconds = Number(soon.headers['retry-after'])
    t.ok(waitSeconds > 0 && waitSeconds <= 60)
    await app.clock.advance(20)
    t.equal((await requestCode(app.url, phone, 'customer', anyIp())).status, 429)
    await app.clock.advance(41)
    t.equal((await requestCode(app.url, phone, 'customer', anyIp())).status, 202)
    t.equal(Date.parse(first.body.expiresAt) - Date.parse(first.body.resendAt), 240_000)
  })

  await t.test('5 codes an hour and 10 a day for a number', async (t) => {
    const phone = newPhone()
    const statuses: number[] = []
    const ask = async () => {
      await lift(app)
      const answer = await requestCode(app.url, phone, 'customer', anyIp())
      statuses.push(answer.status)
      return answer
    }
    for (let index = 0; index < 5; index++) await ask()
    const sixth = await ask()
    t.match(sixth, { status: 429, body: { code: 'rate_limited' } })
    t.ok(Number(sixth.headers['retry-after']) > 3000)
    await app.clock.advance(3601)
    for (let index = 0; index < 5; index++) await ask()
    await app.clock.advance(3601)
    t.match(await ask(), { status: 429, body: { code: 'rate_limited' } }, 'the eleventh of the day')
    await app.clock.advance(86_400 - 2 * 3601)
    await ask()
    t.same(statuses, [202, 202, 202, 202, 202, 429, 202, 202, 202, 202, 202, 429, 202])
  })

  await t.test('so many an hour for an address, by its network', async (t) => {
    const statuses: number[] = []
    for (let index = 0; index < 7; index++) statuses.push((await requestCode(app.url, ofPrefix(`11${index}`, 1), 'customer', from('10.9.9.9'))).status)
    t.same(statuses, [202, 202, 202, 202, 202, 202, 429])
    t.equal((await requestCode(app.url, ofPrefix('118', 1), 'customer', from('10.9.9.8'))).status, 202, 'another address')
    for (let index = 0; index < 6; index++) await requestCode(app.url, ofPrefix(`12${index}`, 1), 'customer', from(`2001:db8:1:2::${index}`))
    t.equal((await requestCode(app.url, ofPrefix('128', 1), 'customer', from('2001:db8:1:2:ffff::1'))).status, 429, 'a whole /64 is one')
    t.equal((await requestCode(app.url, ofPrefix('128', 1), 'customer', from('2001:db8:1:3::1'))).status, 202)
  })

  await t.test('so many an hour for a prefix', async (t) => {
    const statuses: number[] = []
    for (let index = 0; index < 8; index++) statuses.push((await requestCode(app.url, ofPrefix('13000', index), 'customer', anyIp())).status)
    t.same(statuses, [202, 202, 202, 202, 202, 202, 202, 429])
    t.equal((await requestCode(app.url, ofPrefix('13100', 1), 'customer', anyIp())).status, 202)
  })
})

t.test('no limit is passed by many at once on two replicas', async (t) => {
  const app = await start(t, { settings: { otpPerIpHour: 20, otpPerPrefixHour: 15 } })
  const many = (amount: number, ask: (index: number, url: string) => ReturnType<typeof requestCode>) =>
    Promise.all(Array.from({ length: amount }, (_, index) => ask(index, app.replicas[index % 2]!.url)))
  const allowed = (answers: { status: number }[]) => answers.filter((answer) => answer.status === 202).length

  const phone = newPhone()
  const ofPhone = await many(20, (index, url) => requestCode(url, phone, 'customer', from(`10.2.0.${index + 1}`)))
  t.equal(allowed(ofPhone), 1, 'one code for a number')
  t.ok(ofPhone.every((answer) => answer.status === 202 || answer.body.code === 'otp_resend_too_soon'))
  t.equal(app.simulators.control.fazpass.messages(phone).length, 1, 'and one was sent')

  t.equal(allowed(await many(40, (index, url) => requestCode(url, ofPrefix(`2${String(index).padStart(2, '0')}`, 1), 'customer', from('10.3.0.1')))), 20, 'an address')
  t.equal(allowed(await many(40, (index, url) => requestCode(url, ofPrefix('51000', index), 'customer', from(`10.4.0.${index + 1}`)))), 15, 'a prefix')
})

t.test('the budgets hold without Valkey', async (t) => {
  const app = await start(t, { settings: { otpPerIpHour: 10 } })
  await app.valkey.stop()
  const answers = await Promise.all(Array.from({ length: 30 }, (_, index) =>
    requestCode(app.replicas[index % 2]!.url, ofPrefix(`3${String(index).padStart(2, '0')}`, 1), 'customer', from('10.5.0.1'))))
  t.equal(answers.filter((answer) => answer.status === 202).length, 10)
})

t.test('in development addresses and prefixes have a hundred times as much, numbers have not', async (t) => {
  const app = await startTestApp(t, { settings: { otpPerIpHour: 1, otpPerPrefixHour: 1 } })
  const statuses: number[] = []
  for (let index = 0; index < 12; index++) statuses.push((await requestCode(app.url, ofPrefix('14000', index))).status)
  t.ok(statuses.every((status) => status === 202))
  const phone = ofPrefix('15000', 1)
  for (let index = 0; index < 5; index++) {
    await lift(app)
    await requestCode(app.url, phone)
  }
  await lift(app)
  t.equal((await requestCode(app.url, phone)).status, 429)
})

t.test('staging without a provider: test phones sign in with 000000, everybody else gets the same answer and no way in', async (t) => {
  const listed = newPhone()
  const app = await start(t, { replicas: 1, env: { FAZPASS_ENABLED: 'false', OTP_TEST_PHONES: `${listed},+62 811-0000-001` } })
  const tester = await requestCode(app.url, listed)
  const stranger = await requestCode(app.url, newPhone())
  t.same([tester.status, Object.keys(tester.body)], [stranger.status, Object.keys(stranger.body)])
  t.equal((await verifyCode(app.url, tester.body.challengeId)).status, 200)
  t.match(await verifyCode(app.url, stranger.body.challengeId), { status: 401, body: { code: 'otp_invalid' } })
  t.equal((await verifyCode(app.url, (await requestCode(app.url, '+628110000001')).body.challengeId)).status, 200, 'however it was written in the list')
})

t.test('a code used up by its sign-in does not make its owner wait on the next device', async (t) => {
  const app = await start(t, { replicas: 1, simulators: {} })
  const phone = newPhone()
  t.equal((await verifyCode(app.url, (await requestCode(app.url, phone)).body.challengeId)).status, 200)
  t.equal((await requestCode(app.url, phone)).status, 202)
  t.match(await requestCode(app.url, phone), { status: 429, body: { code: 'otp_resend_too_soon' } })
})
