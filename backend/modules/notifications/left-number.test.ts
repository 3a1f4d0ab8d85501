import t from 'tap'
import { call, startTestApp, type TestApp } from '../../testing/app.ts'
import { expect } from '../../testing/people.ts'
import { newPhone, requestCode, signIn } from '../../testing/sign-in.ts'
import { staffOf } from '../../testing/staff.ts'
import { changeSettings } from '../../testing/settings.ts'
import { eventually } from '../../testing/wait.ts'
import { refreshTemplates } from './templates.ts'

const worker = { housekeeping: false, timed: false }
const settings = { otpResendSeconds: 1, otpPerPhoneHour: 100, otpPerPhoneDay: 100 }
type SignedIn = Awaited<ReturnType<typeof signIn>>

async function moveTo(app: TestApp, own: SignedIn, phone: string): Promise<number> {
  await app.query(`update otp_challenges set resend_at = app_now(), created_at = created_at - interval '2 minutes'`)
  const { challengeId } = (await requestCode(app.url, phone)).body
  return (await call(app.url, 'POST', '/api/v1/me/phone', { token: own.token, body: { challengeId, code: '000000' } })).status
}

t.test('a number that was given up is told so by SMS, and forgotten', async (t) => {
  const app = await startTestApp(t, { letters: true, settings, worker })
  const { sms } = app.simulators.control
  const letters = () => app.query<{ state: string; text: string; to: Buffer | null }>('select state, text, to_encrypted as to from letters order by id')
  const [own, other] = [await signIn(app), await signIn(app)]
  await changeSettings(app, { smsClosed: true, supportUrl: 'https://halobestie.com/bantuan' })

  t.equal(await moveTo(app, own, other.phone), 409)
  t.same(await letters(), [], 'a number that has an account: nothing changed')
  t.equal(await moveTo(app, own, own.phone), 200)
  t.same(await letters(), [], 'nor by the same number again')
  const to = newPhone()
  t.equal(await moveTo(app, own, to), 200)
  const [waiting, ...more] = await letters()
  t.same(more, [])
  t.equal(waiting!.state, 'queued')
  t.match(waiting!.text, /^[ -~]{20,160}$/, 'paid as one SMS')
  const stored = await app.query<{ row: string }>(`select row_to_json(l)::text || encode(to_encrypted, 'escape') as row from letters l`)
  for (const phone of [own.phone, to]) t.notOk(stored.some(({ row }) => row.includes(phone.slice(-8))), 'no number in clear, and not which is the new one')

  await changeSettings(app, { smsClosed: false })
  await eventually(async () => (await letters()).every(({ state }) => state === 'sent'), 'it is sent')
  t.match(sms.messages(own.phone), [{ text: /nomor telepon lain.*: https:\/\/halobestie\.com\/bantuan$/ }], 'though they never chose SMS')
  t.same(sms.messages(to), [])
  t.match(await letters(), [{ text: '', to: null }], 'nobody has the number any more')

  await expect(200, (await staffOf(app, 'admin')).call('PUT', '/internal/v1/notice-templates/security.number_left/id', { parts: { sms: 'Nomor ini sudah dilepas. Bukan kamu? {contact}' }, version: 0, reason: 'shorter' }))
  await refreshTemplates(app.replicas[0]!.ctx)
  t.equal(await moveTo(app, own, newPhone()), 200)
  await eventually(() => sms.messages(to)[0], 'the next one is told')
  t.match(sms.messages(to), [{ text: 'Nomor ini sudah dilepas. Bukan kamu? https://halobestie.com/bantuan' }], 'in the words of staff')
})

t.test('where no SMS can be sent the number is not kept for one', async (t) => {
  const app = await startTestApp(t, { simulators: false, settings, worker })
  const own = await signIn(app)
  t.equal(await moveTo(app, own, newPhone()), 200)
  t.same(await app.query('select 1 from letters'), [])
})
