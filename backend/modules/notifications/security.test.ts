import t from 'tap'
import { call, startTestApp } from '../../testing/app.ts'
import { newPhone, requestCode, signIn } from '../../testing/sign-in.ts'
import { eventually } from '../../testing/wait.ts'

type Item = { kind: string; title: string; body: string; data: Record<string, string> }

t.test('people are told what happens to their account', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings: { otpResendSeconds: 1, otpPerPhoneHour: 100, otpPerPhoneDay: 100 }, worker: { housekeeping: false, timed: false } })
  const alerts = async (token: string, count: number) => eventually(async () => {
    const { items } = (await call(app.url, 'GET', '/api/v1/notifications?kind=security_alert', { token })).body as { items: Item[] }
    return items.length === count && items
  }, `${count} alerts`)
  const idle = () => eventually(async () => (await app.query(`select 1 from outbox where topic like 'identity.%' and done_at is null`)).length === 0, 'all was reacted to')
  const pushesOf = (userId: string) => app.query('select kind, body from pushes where user_id = $1 order by id', [userId])

  await t.test('of a sign-in on a device that they never had, with its name and when; not of the first, nor of one they know', async (t) => {
    const phone = await signIn(app, { deviceName: 'Pixel 8' })
    const same = await signIn(app, { phone: phone.phone, deviceName: 'Pixel 8' })
    await idle()
    t.same((await call(app.url, 'GET', '/api/v1/notifications', { token: same.token })).body.items, [])
    const tablet = await signIn(app, { phone: phone.phone, deviceName: 'Tab   of\n  somebody with a very long name for a device' })
    const [alert] = await alerts(phone.token, 1) as [Item]
    t.match(alert, { kind: 'security_alert', data: { template: 'security.new_sign_in.named', link: '/account/sign-ins', signInId: String } })
    t.match(alert.body, /\(Tab of somebody with a very long name f…\)/)
    t.match(alert.body, /WIB/)
    t.notMatch(JSON.stringify(alert), /127\.0\.0\.1/, 'no address')
    t.match(await pushesOf(phone.id), [{ kind: 'security_alert', body: /perangkat baru\. Bukan kamu/ }], 'a locked screen has no names')
    for (const [index, [deviceName, said]] of ([['\u202e\u200b', /di perangkat baru pada/], [`Ponsel ${'💛'.repeat(20)}`, /\(Ponsel 💛{16}…\)/u]] as const).entries()) {
      const one = await signIn(app, { phone: phone.phone, deviceName })
      const [newest] = await alerts(one.token, index + 2) as [Item]
      t.match(newest.body, said, 'what nobody sees is no name, and a character stays whole')
    }
    const nameless = await signIn(app, { phone: phone.phone })
    t.match(await alerts(nameless.token, 4), [{ data: { template: 'security.new_sign_in' } }, {}, {}, {}])
    const tags = await app.query<{ tag: string }>('select distinct tag from pushes where user_id = $1', [phone.id])
    t.equal(tags.length, 4, 'none replaces another on the screen')
    await signIn(app, { phone: phone.phone })
    await signIn(app, { phone: phone.phone, deviceName: 'Pixel 8' })
    await idle()
    await alerts(tablet.token, 4)
    const mitra = await signIn(app, { phone: phone.phone, kind: 'mitra', deviceName: 'Another' })
    await idle()
    await alerts(mitra.token, 0)
  })

  await t.test('of a refresh token that was used twice, on the devices that are left', async (t) => {
    const thief = await signIn(app, { deviceName: 'Old phone' })
    const own = await signIn(app, { phone: thief.phone, deviceName: 'Old phone' })
    await call(app.url, 'POST', '/api/v1/me/devices', { token: thief.token, body: { token: 'thief-device-token', platform: 'android' } })
    const refresh = (refreshToken: string) => call(app.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken } })
    const { body } = await refresh(thief.refreshToken)
    await refresh(body.refreshToken)
    t.match(await Promise.all([refresh(thief.refreshToken), refresh(thief.refreshToken)]), [{ status: 401 }, { status: 401 }])
    const [alert] = await alerts(own.token, 1) as [Item]
    t.match(alert.data, { template: 'security.token_reused.named' })
    t.match(alert.body, /Old phone/)
    t.same(await app.query(`select token from devices where user_id = $1`, [own.id]), [], 'what was thrown out gets no push')
  })

  await t.test('of a number that changed and of signing out everywhere', async (t) => {
    const own = await signIn(app, { deviceName: 'Mine' })
    const to = newPhone()
    const { challengeId } = (await requestCode(app.url, to)).body
    t.equal((await call(app.url, 'POST', '/api/v1/me/phone', { token: own.token, body: { challengeId, code: '000000' } })).status, 200)
    const [alert] = await alerts(own.token, 1) as [Item]
    t.match(alert.data, { template: 'security.phone_changed', link: '/account' })
    t.notMatch(JSON.stringify(alert), new RegExp(to.slice(-6)), 'not which number')
    const outs = await Promise.all([0, 1].map(() => call(app.url, 'POST', '/api/v1/auth/logout-all', { token: own.token })))
    t.ok(outs.every(({ status }) => status === 200 || status === 401))
    const back = await signIn(app, { phone: to, deviceName: 'Mine' })
    t.match(await alerts(back.token, 2), [{ data: { template: 'security.signed_out_everywhere' } }, { data: { template: 'security.phone_changed' } }], 'once, though it was asked for twice')
  })
})
