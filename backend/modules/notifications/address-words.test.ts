import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { customer, type Person } from '../../testing/people.ts'
import { staffOf } from '../../testing/staff.ts'
import { eventually } from '../../testing/wait.ts'
import { refreshTemplates } from './templates.ts'

let count = 0

t.test('the letters about an address are templates like others', async (t) => {
  const app = await startTestApp(t, { letters: true, worker: { housekeeping: false, timed: false } })
  const { ctx } = app.replicas[0]!
  const admin = await staffOf(app, 'admin')
  const write = (key: string, parts: object, version: number, language = 'id') => admin.call('PUT', `/internal/v1/notice-templates/${key}/${language}`, { parts, version, reason: 'a test' })
  const mailsTo = (address: string) => app.simulators.control.mail.messages(address)
  const firstMail = (address: string) => eventually(() => mailsTo(address)[0], `a letter arrives at ${address}`)
  const ask = async (person: Person, language = 'id') => {
    await person.call('PATCH', '/api/v1/me', { body: { language } })
    await app.query('update email_challenges set resend_at = app_now() where user_id = $1', [person.id])
    const address = `kata.${(count += 1)}@surat.example`
    await person.call('PUT', '/api/v1/me/email', { body: { address } })
    return { address, mail: await firstMail(address) }
  }
  const prove = (person: Person, code: string) => person.call('POST', '/api/v1/me/email/verify', { body: { code } })
  const codeIn = (text: string) => /\b\d{6}\b/.exec(text)?.[0] ?? ''

  await t.test('staff change the words of the code’s letter, in each language; the code is right wherever they put it', async (t) => {
    const own = await write('email.proof', { title: 'Kodemu {code}, {minutes} menit', body: 'Ini kodenya: {code}.' }, 0)
    t.match(own, { status: 200, body: { channels: ['email'], variables: [{ name: 'code', example: '123456' }, { name: 'minutes' }] } })
    const citra = await customer(app)
    const { mail } = await ask(citra)
    t.match(mail, { subject: `Kodemu ${codeIn(mail.text)}, 10 menit`, text: /^Ini kodenya: \d{6}\.\n/ })
    t.match(await prove(citra, codeIn(mail.text)), { status: 200 })
    t.match((await ask(await customer(app), 'en')).mail, { subject: 'The code for your e-mail address', text: /\n\n\d{6}\n\nIt’s good for 10 minutes\./ })
  })

  await t.test('without the code it is not stored, and not sent either: by words of before, by a plural’s case, or cut off', async (t) => {
    t.match(await write('email.proof', { body: 'Tunggu {minutes} menit.' }, 1), { status: 400, body: { code: 'validation_failed', errors: [{ path: 'parts.body', code: 'variable_required' }] } })
    t.match(await write('email.proof', { emailBody: 'Tanpa kode.' }, 1), { status: 400, body: { errors: [{ path: 'parts.emailBody', code: 'variable_required' }] } })
    for (const [body, why] of [['Tanpa kode.', 'no code'], ['{minutes, plural, =1 {{code}} other {Segera datang.}}', 'another case'], [`${'x'.repeat(1995)} {code}`, 'cut off']] as const) {
      await app.query(`update notice_templates set body = $1 where key = 'email.proof' and is_current`, [body])
      await refreshTemplates(ctx)
      const citra = await customer(app)
      const { mail } = await ask(citra)
      t.match(mail, { subject: 'Kode untuk alamat emailmu', text: /^Masukkan kode ini/ }, why)
      t.match(await prove(citra, codeIn(mail.text)), { status: 200 }, why)
    }
    await eventually(async () => (await app.query(`select 1 from notice_faults where key = 'email.proof' and version = 1 and part = 'body' and reason = 'missing_variable' and variable = 'code' and count = 3`))[0], 'staff see that their words could not be shown')
  })

  await t.test('an address that was given up is told in staff’s words, and its person in the app, once', async (t) => {
    t.match(await write('security.email_changed', { emailSubject: 'Selamat tinggal, alamat lama', emailBody: 'Alamat ini sudah diganti.' }, 0), { status: 200 })
    const citra = await customer(app)
    const old = await ask(citra)
    await prove(citra, codeIn(old.mail.text))
    const next = await ask(citra)
    await prove(citra, codeIn(next.mail.text))
    await eventually(() => mailsTo(old.address).at(-1)?.subject === 'Selamat tinggal, alamat lama', 'the old address is told')
    t.match(mailsTo(old.address).at(-1)!.text, /^Alamat ini sudah diganti\.\n/)
    const told = async () => (await app.query<{ template: string; title: string }>(`select data ->> 'template' as template, title from notifications where user_id = $1 and data ->> 'template' like 'security.email%' order by id`, [citra.id]))
    const first = { template: 'security.email_added', title: 'Alamat email ditambahkan' }
    t.same(await told(), [first, { template: 'security.email_changed', title: 'Alamat emailmu diganti' }], 'who took the account over can’t keep it from its owner')
    t.match(await app.query(`select template from pushes where user_id = $1 and template like 'security.email%' order by id`, [citra.id]), [{ template: 'security.email_added' }, { template: 'security.email_changed' }])
    t.same(mailsTo(old.address).filter(({ subject }) => subject === first.title), [], 'the address itself hears nothing of it')
    await citra.call('DELETE', '/api/v1/me/email')
    await citra.call('DELETE', '/api/v1/me/email')
    t.same((await told()).map(({ template }) => template), ['security.email_added', 'security.email_changed', 'security.email_removed'])
    await eventually(() => mailsTo(next.address).length === 2, 'the removed address is told')
    t.match(mailsTo(next.address).at(-1), { subject: 'Alamat emailmu dihapus', text: /^Alamat ini dihapus dari akun halobestie-mu/ })
  })
})
