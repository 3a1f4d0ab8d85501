import { randomUUID } from 'node:crypto'
import t from 'tap'
import { startTestApp, type TestApp } from '../../testing/app.ts'
import { customer, type Person } from '../../testing/people.ts'
import { changeSettings } from '../../testing/settings.ts'
import { eventually } from '../../testing/wait.ts'
import { readAddress, reencryptAddresses } from './index.ts'
import { unsubscribeToken } from './unsubscribe-token.ts'

const mailsTo = (app: TestApp, address: string) => app.simulators.control.mail.messages(address)

/** The newest code that arrived at an address, other than those before. */
function codeAt(app: TestApp, address: string, before = 0): Promise<string> {
  return eventually(() => {
    const mails = mailsTo(app, address)
    return mails.length > before ? /^\d{6}$/m.exec(mails.at(-1)!.text)?.[0] : undefined
  }, `a code arrives at ${address}`)
}

async function withEmail(app: TestApp, address: string): Promise<Person> {
  const person = await customer(app)
  await person.call('PUT', '/api/v1/me/email', { body: { address } })
  await person.call('POST', '/api/v1/me/email/verify', { body: { code: await codeAt(app, address) } })
  return person
}

const wrongOf = (code: string) => code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))

t.test('an address is proven by the code that arrives there', async (t) => {
  const app = await startTestApp(t, { letters: true, replicas: 2 })

  t.test('asked for, proven once, and shown to its owner alone', async (t) => {
    const citra = await customer(app)
    t.same((await citra.call('GET', '/api/v1/me/email')).body, { isAvailable: true, email: null, pending: null })
    const asked = await citra.call('PUT', '/api/v1/me/email', { body: { address: '  Citra.K@Surat.EXAMPLE ' } })
    t.match(asked, { status: 200, body: { email: null, pending: { address: 'Citra.K@surat.example', isUndeliverable: false } } })
    const code = await codeAt(app, 'citra.k@surat.example')
    t.match(mailsTo(app, 'citra.k@surat.example')[0]!.text, 'karena seseorang memasukkan alamat ini')
    t.notMatch(mailsTo(app, 'citra.k@surat.example')[0]!.text, 'terdaftar', 'it is not registered yet')
    t.match(await citra.call('POST', '/api/v1/me/email/verify', { body: { code: wrongOf(code) } }), { status: 401, body: { code: 'otp_invalid' } })
    const both = await Promise.all([1, 2].map(() => citra.call('POST', '/api/v1/me/email/verify', { body: { code } })))
    t.same(both.map(({ status }) => status).toSorted((a, b) => a - b), [200, 401], 'two at once: one proves it')
    t.match((await citra.call('GET', '/api/v1/me/email')).body, { email: { address: 'Citra.K@surat.example', isUndeliverable: false }, pending: null })
    t.match(await citra.call('POST', '/api/v1/me/email/verify', { body: { code } }), { status: 401 }, 'a code is good once')
    const rows = await app.query<{ row: string }>(`select row_to_json(l)::text || encode(coalesce(to_encrypted, ''), 'escape') as row from letters l`)
    t.notOk(rows.some(({ row }) => row.includes(code) || /surat\.example/i.test(row)), 'neither code nor address stands in a letter')
    const [kept] = await app.query<{ text: string }>(`select encode(address_encrypted || address_hash, 'escape') as text from email_addresses where user_id = $1`, [citra.id])
    t.notMatch(kept!.text, /surat/i)
  })

  t.test('a letter is of one language, its frame too: Indonesian where it is the person’s, else English', async (t) => {
    for (const [language, own, others] of [['en-US', /Enter this code.*somebody entered this address/s, /alamat ini/], ['fr', /Enter this code.*somebody entered this address/s, /alamat ini/], ['id-ID', /Masukkan kode.*memasukkan alamat ini/s, /this address/]] as const) {
      const person = await customer(app)
      await person.call('PATCH', '/api/v1/me', { body: { language } })
      const address = `${language.toLowerCase()}@surat.example`
      await person.call('PUT', '/api/v1/me/email', { body: { address } })
      await codeAt(app, address)
      const { text, html } = mailsTo(app, address)[0]!
      for (const part of [text, html]) {
        t.match(part, own, language)
        t.notMatch(part, others, language)
      }
    }
  })

  t.test('what nobody sees stands in no address', async (t) => {
    const citra = await customer(app)
    for (const hidden of ['\u0001', '\u007f', '\u200b', '\u202e', '\ue000']) {
      t.match(await citra.call('PUT', '/api/v1/me/email', { body: { address: `ci${hidden}tra@surat.example` } }), { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(hidden))
    }
  })

  t.test('the answer is the same whoever has the address', async (t) => {
    await withEmail(app, 'milik@surat.example')
    const [one, other] = await Promise.all([customer(app), customer(app)])
    const answers = [await one.call('PUT', '/api/v1/me/email', { body: { address: 'milik@surat.example' } }), await other.call('PUT', '/api/v1/me/email', { body: { address: 'bebas@surat.example' } })]
    t.same(answers.map(({ status, body }) => [status, Object.keys(body), Object.keys(body.pending)]), [answers[0], answers[0]].map((answer) => [200, Object.keys(answer!.body), Object.keys(answer!.body.pending)]))
    const code = await codeAt(app, 'milik@surat.example', 1)
    t.match(await one.call('POST', '/api/v1/me/email/verify', { body: { code } }), { status: 200 }, 'who reads the mailbox may have it too')
  })

  t.test('another address, and none any more, are told to the one before', async (t) => {
    const citra = await withEmail(app, 'lama@surat.example')
    await app.query('update email_challenges set resend_at = app_now() where user_id = $1', [citra.id])
    await citra.call('PUT', '/api/v1/me/email', { body: { address: 'baru@surat.example' } })
    t.match((await citra.call('GET', '/api/v1/me/email')).body, { email: { address: 'lama@surat.example' }, pending: { address: 'baru@surat.example' } }, 'the old one stays until the new one is proven')
    await citra.call('POST', '/api/v1/me/email/verify', { body: { code: await codeAt(app, 'baru@surat.example') } })
    await eventually(() => mailsTo(app, 'lama@surat.example').at(-1)?.subject === 'Alamat emailmu diganti', 'the old address is told')
    t.match(await citra.call('DELETE', '/api/v1/me/email'), { status: 200, body: { email: null, pending: null } })
    t.match(await citra.call('DELETE', '/api/v1/me/email'), { status: 200 }, 'a second time changes nothing')
    await eventually(() => mailsTo(app, 'baru@surat.example').at(-1)?.subject === 'Alamat emailmu dihapus', 'and the one that was removed')
  })

  t.test('five tries a code, one code a minute, and so many a day for a person and an address', async (t) => {
    const citra = await customer(app)
    const ask = (who: Person, address: string) => who.call('PUT', '/api/v1/me/email', { body: { address } })
    await ask(citra, 'coba@surat.example')
    const code = await codeAt(app, 'coba@surat.example')
    t.match(await ask(citra, 'coba@surat.example'), { status: 429, body: { code: 'otp_resend_too_soon' } })
    const tries = await Promise.all(Array.from({ length: 8 }, () => citra.call('POST', '/api/v1/me/email/verify', { body: { code: wrongOf(code) } })))
    t.equal(tries.filter(({ body }) => body.code === 'otp_invalid').length, 5)
    t.match(await citra.call('POST', '/api/v1/me/email/verify', { body: { code } }), { status: 429, body: { code: 'otp_locked' } }, 'the right one comes too late')
    await app.query(`update email_challenges set resend_at = app_now(), expires_at = app_now() where user_id = $1`, [citra.id])
    t.match(await citra.call('POST', '/api/v1/me/email/verify', { body: { code } }), { body: { code: 'otp_expired' } })
    await app.query(`insert into email_challenges (id, user_id, address_hash, address_encrypted, expires_at, resend_at)
      select gen_random_uuid(), user_id, address_hash, address_encrypted, app_now(), app_now() from email_challenges, generate_series(1, 4) where user_id = $1`, [citra.id])
    t.match(await ask(await customer(app), 'coba@surat.example'), { status: 429, body: { code: 'rate_limited' } }, 'an address has a budget of its own')
    await app.query(`insert into email_challenges (id, user_id, address_hash, address_encrypted, expires_at, resend_at)
      select gen_random_uuid(), user_id, decode(md5(random()::text), 'hex'), address_encrypted, app_now(), app_now() from email_challenges where user_id = $1`, [citra.id])
    t.match(await ask(citra, 'lain@surat.example'), { status: 429, body: { code: 'rate_limited' } }, 'and a person theirs')
  })

  t.test('what is no address is refused, and a mailbox that nobody has is shown', async (t) => {
    const citra = await customer(app)
    for (const address of ['', 'a', 'a@', '@b.example', 'a@b', 'a b@c.example', 'a@b..example', 'a@b.example\r\nBcc: c@d.example', '<a@b.example>', `${'a'.repeat(65)}@b.example`, 'a,b@c.example']) {
      t.match(await citra.call('PUT', '/api/v1/me/email', { body: { address } }), { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(address))
    }
    app.simulators.control.setFaults({ mail: { addresses: { 'salah@surat.example': { fault: 'unknown' } } } })
    await citra.call('PUT', '/api/v1/me/email', { body: { address: 'salah@surat.example' } })
    await eventually(async () => (await citra.call('GET', '/api/v1/me/email')).body.pending?.isUndeliverable === true, 'the person sees that nobody has it')
    app.simulators.control.resetFaults()
  })

  t.test('one click stops a kind, all, or the digest, without a sign-in and as often as one likes', async (t) => {
    const citra = await withEmail(app, 'stop@surat.example')
    const { ctx } = app.replicas[0]!
    const emailOf = async (kind: string) => (await citra.call('GET', '/api/v1/notifications/preferences')).body.kinds.find((one: { kind: string }) => one.kind === kind).channels.email.on
    const url = (what: string) => `${app.url}/api/v1/unsubscribe/${unsubscribeToken(ctx.env, { userId: citra.id, what })}`
    const page = await fetch(url('refund'))
    t.match([page.status, page.headers.get('content-type'), page.headers.get('content-security-policy')], [200, /text\/html/, /form-action 'self'/])
    t.match(await page.text(), /<form method="post">/)
    t.equal(await emailOf('refund'), true, 'looking at the link changes nothing')
    for (const headers of [{ 'content-type': 'application/x-www-form-urlencoded' }, { 'content-type': 'multipart/form-data; boundary=x' }]) {
      t.equal((await fetch(url('refund'), { method: 'POST', headers, body: 'List-Unsubscribe=One-Click' })).status, 200)
    }
    t.same([await emailOf('refund'), await emailOf('payout')], [false, true])
    t.equal((await fetch(url('digest'), { method: 'POST' })).status, 200)
    t.match((await citra.call('GET', '/api/v1/me/preferences')).body, { emailDigest: 'none', theme: 'light' })
    t.equal((await fetch(url('refund'), { method: 'POST', body: new URLSearchParams({ scope: 'all' }) })).status, 200)
    t.same([await emailOf('payout'), await emailOf('security_alert')], [false, true], 'what is always sent stays')
    const forged = `${url('refund').slice(0, -6)}AAAAAA`
    t.same([(await fetch(forged)).status, (await fetch(forged, { method: 'POST' })).status], [404, 404])
    t.equal((await fetch(`${app.url}/api/v1/unsubscribe/${unsubscribeToken(ctx.env, { userId: randomUUID(), what: 'refund' })}`, { method: 'POST' })).status, 200, 'an account that is gone')
  })

  t.test('addresses of a replaced key are encrypted anew', async (t) => {
    const citra = await withEmail(app, 'kunci@surat.example')
    const { ctx } = app.replicas[0]!
    const keys = [...ctx.env.DATA_ENCRYPTION_KEYS.map((key) => ({ ...key, active: false })), { id: 'k2', key: Buffer.alloc(32, 9).toString('base64'), active: true }]
    const env = { ...ctx.env, DATA_ENCRYPTION_KEYS: keys }
    t.ok(await reencryptAddresses({ ...ctx, env }, 500) > 0)
    t.equal(await reencryptAddresses({ ...ctx, env }, 500), 0)
    const [row] = await app.query<{ address_encrypted: Buffer }>('select address_encrypted from email_addresses where user_id = $1', [citra.id])
    t.equal(readAddress(env, row!.address_encrypted), 'kunci@surat.example')
    await app.query('delete from email_addresses')
  })

  t.test('a mail provider may click for thousands from one address; what is off already is not written again', async (t) => {
    const citra = await customer(app)
    const url = `${app.url}/api/v1/unsubscribe/${unsubscribeToken(app.replicas[0]!.ctx.env, { userId: citra.id, what: 'refund' })}`
    const click = async (body: Record<string, string>) => (await fetch(url, { method: 'POST', body: new URLSearchParams(body) })).status
    const versionOf = async () => (await citra.call('GET', '/api/v1/notifications/preferences')).body.version
    for (const body of [{ 'List-Unsubscribe': 'One-Click' }, { 'List-Unsubscribe': 'One-Click' }]) t.equal(await click(body), 200)
    t.equal(await versionOf(), 1)
    for (const body of [{ scope: 'all' }, { scope: 'all' }]) t.equal(await click(body), 200)
    t.equal(await versionOf(), 2)
    await changeSettings(app, { anonymousRequests: 1 })
    await eventually(async () => (await fetch(url)).status === 429, 'the budget of this address is used up')
    t.equal(await click({ 'List-Unsubscribe': 'One-Click' }), 200, 'and the click holds all the same')
  })
})

t.test('where no mail can be sent, or staff have closed it, no address can be given', async (t) => {
  const open = await startTestApp(t, { letters: true, settings: { emailsClosed: true } })
  const dewi = await customer(open)
  t.match((await dewi.call('GET', '/api/v1/me/email')).body, { isAvailable: false })
  t.match(await dewi.call('PUT', '/api/v1/me/email', { body: { address: 'dewi@surat.example' } }), { status: 503, body: { code: 'email_disabled' } })
  t.same(await open.query('select 1 from letters'), [], 'no code waits for nobody')
  const app = await startTestApp(t)
  const citra = await customer(app)
  t.match((await citra.call('GET', '/api/v1/me/email')).body, { isAvailable: false })
  t.match(await citra.call('PUT', '/api/v1/me/email', { body: { address: 'citra@surat.example' } }), { status: 503, body: { code: 'email_disabled' } })
})
