import pg from 'pg'
import t from 'tap'
import { createSql, transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { startFaultProxy } from '../../testing/fault-proxy.ts'
import { signIn } from '../../testing/people.ts'
import { staffOf } from '../../testing/staff.ts'
import { eventually } from '../../testing/wait.ts'
import { hashAddress, sealAddress } from '../channels/addresses.ts'
import { layMail } from '../channels/index.ts'
import { LANGUAGES } from '../identity/index.ts'
import { checkTemplate, usableParts } from './check-template.ts'
import { exampleValues } from './example-values.ts'
import { definitionOf, TEMPLATE_KEYS, TEXTS } from './notices.ts'
import { notify, type Notice } from './index.ts'
import { renderInForce } from './render-in-force.ts'
import { renderNotice } from './render-notice.ts'
import { segmentsOf } from './sms-segments.ts'
import { flushFaults, noteFaults, purgeFaults } from './template-faults.ts'
import { createTemplates } from './templates.ts'

const PATH = '/internal/v1/notice-templates'
const KEY = 'session.time_short'
const NONE = { title: null, body: null, pushTitle: null, pushBody: null, emailSubject: null, emailBody: null, sms: null }

t.test('templates of staff', async (t) => {
  const gate = await startFaultProxy(t)
  // Letters wait: one that is sent or dropped keeps no words.
  const app = await startTestApp(t, { replicas: 2, simulators: false, settings: { emailsClosed: true }, through: { valkey: gate }, valkeyPatienceMs: 30_000, worker: { housekeeping: false, timed: false } })
  const [one, other] = app.replicas.map((replica) => replica.ctx)
  const admin = await staffOf(app, 'admin')
  const put = (parts: object, version: number, { key = KEY, language = 'en', ...options }: { key?: string; language?: string; url?: string } = {}) =>
    admin.call('PUT', `${PATH}/${key}/${language}`, { parts, version, reason: 'a test' }, options)
  const get = async (key = KEY) => (await admin.call('GET', `${PATH}/${key}`)).body
  const english = async (key = KEY) => (await get(key)).languages.find((of: { language: string }) => of.language === 'en')
  const says = (ctx = one!) => renderInForce(ctx, KEY, 'en', { minutes: 2 })

  t.test('what staff write is in force here at once and on the other replica; each version, its reason and its audit row stay', async (t) => {
    t.match(await get(), { key: KEY, kind: 'session', channels: ['push'], variables: [{ name: 'minutes', type: 'count', example: 15 }], usable: ['title', 'body', 'pushTitle', 'pushBody'], faults: 0, missing: [] })
    t.match(await english(), { version: 0, isWritten: false, changedBy: null, written: NONE, standard: { title: TEXTS.en[KEY].title, emailSubject: null } })
    const saved = await put({ body: '{minutes, plural, one {Only # minute} other {Only # minutes}} to go.', pushBody: ' ', title: null }, 0)
    t.match(saved, { status: 200, body: { languages: [{ language: 'id', version: 0 }, { language: 'en', version: 1, isWritten: true, changedBy: admin.id, reason: 'a test', written: { body: /^\{minutes/, pushBody: null, title: null } }], names: { [admin.id]: { name: 'Test admin' } } } })
    t.match(says(), { title: TEXTS.en[KEY].title, body: 'Only 2 minutes to go.', push: { body: 'Only 2 minutes to go.' }, faults: [] })
    await eventually(() => says(other).body === 'Only 2 minutes to go.', 'the other replica has it')
    t.notMatch(renderInForce(one!, KEY, 'id', { minutes: 2 }), { body: /Only/ }, 'the other language stays as it is')

    t.match(await put({ title: 'Two more', body: '{minutes} to go.' }, 1), { status: 200 })
    const history = (await admin.call('GET', `${PATH}/${KEY}/history?language=en`)).body
    t.match(history, {
      items: [{ version: 2, isCurrent: true, changed: ['title', 'body'], reason: 'a test', changedBy: admin.id, parts: { ...NONE, title: 'Two more', body: '{minutes} to go.' } }, { version: 1, isCurrent: false, changed: ['body'] }],
      nextCursor: null, names: { [admin.id]: { kind: 'staff' } },
    })
    const page = (await admin.call('GET', `${PATH}/${KEY}/history?language=en&limit=1`)).body
    t.match(page, { items: [{ version: 2, changed: ['title', 'body'] }], nextCursor: 2 })
    t.match((await admin.call('GET', `${PATH}/${KEY}/history?language=en&limit=1&cursor=2`)).body, { items: [{ version: 1 }], nextCursor: null })
    t.match(await app.query(`select actor_id, target_id, reason, details, ip from audit_log where act = 'template.changed' order by seq`), [
      { actor_id: admin.id, target_id: KEY, reason: 'a test', details: { language: 'en', version: 1, parts: ['body'], standard: false }, ip: '127.0.0.1' },
      { details: { version: 2, parts: ['title', 'body'] } },
    ])
    const list = (await admin.call('GET', PATH)).body
    t.equal(list.items.length, TEMPLATE_KEYS.length)
    t.match(list.items.find((item: { key: string }) => item.key === KEY), { titles: { en: 'Two more', id: TEXTS.id[KEY].title }, languages: [{ language: 'id', isWritten: false }, { language: 'en', version: 2, isWritten: true }] })
  })

  t.test('an old version comes back as a new one, and so does what the service came with', async (t) => {
    const restore = (body: object) => admin.call('POST', `${PATH}/${KEY}/en/restore`, { reason: 'it was better', ...body })
    t.match(await restore({ to: 1, version: 2 }), { status: 200 })
    t.match(says(), { title: TEXTS.en[KEY].title, body: 'Only 2 minutes to go.' })
    t.match(await restore({ to: 'standard', version: 3 }), { status: 200 })
    t.match(await english(), { version: 4, isWritten: false, reason: 'it was better', written: NONE })
    t.equal(says().body, renderNotice(KEY, 'en', { minutes: 2 }).body)
    await eventually(() => says(other).body === says().body, 'the other replica too')
    t.match((await admin.call('GET', `${PATH}/${KEY}/history?language=en`)).body.items, [{ version: 4, changed: ['body'], parts: NONE }, { version: 3 }, { version: 2 }, { version: 1 }])
    t.match(await restore({ to: 99, version: 4 }), { status: 404, body: { code: 'not_found' } })
    t.match(await restore({ to: 1, version: 3 }), { status: 409 })
    t.equal((await admin.call('POST', `${PATH}/${KEY}/en/restore`, { to: 'standard', version: 4 })).status, 400, 'for a reason')
    t.match(await app.query(`select details from audit_log where act = 'template.changed' order by seq desc limit 1`), [{ details: { version: 4, standard: true } }])
  })

  t.test('of two who saw the same version one writes, on any replica, also where nobody has written before', async (t) => {
    for (const [key, seen] of [['tip.received', 0], [KEY, 4]] as const) {
      const both = await Promise.all([0, 1].map((replica) => put({ title: `From ${replica}` }, seen, { key, url: app.replicas[replica]!.internalUrl })))
      t.same(new Set(both.map(({ status }) => status)), new Set([200, 409]), key)
      t.match(both.find(({ status }) => status === 409), { body: { code: 'conflict' } })
      const winner = both.findIndex(({ status }) => status === 200)
      t.match(await english(key), { version: seen + 1, written: { title: `From ${winner}` } })
      t.match(await app.query('select version from notice_templates where key = $1 and language = $2 and is_current', [key, 'en']), [{ version: seen + 1 }])
    }
    t.match(await put({ title: 'From the future' }, 40), { status: 409 })
    t.match(await put({ title: 'From nowhere' }, 0), { status: 409 })
  })

  t.test('what could not be shown to people is refused with its place', async (t) => {
    const before = await app.query('select * from notice_templates order by 1, 2, 3')
    const refused: [object, object, string?][] = [
      [{ body: 'Still {minutes' }, { path: 'parts.body', code: 'syntax', message: 'Line 1, column 7: a } is missing' }],
      [{ body: 'ok\n{minutes, plural, one {#}}' }, { path: 'parts.body', code: 'syntax', message: /^Line 2, column \d+: the case “other” is missing/ }],
      [{ title: 'Hello {name}' }, { path: 'parts.title', code: 'unknown_variable', message: 'There is no {name}; there is {minutes}.' }],
      [{ body: '{minutes, date}' }, { path: 'parts.body', code: 'wrong_type' }],
      [{ title: 'x'.repeat(121) }, { path: 'parts.title', code: 'too_long' }],
      [{ body: 'x'.repeat(1001) }, { path: 'parts.body', code: 'too_long' }],
      [{ body: '語'.repeat(1000) }, { path: 'parts.body', code: 'push_too_long' }, 'session.extended'],
      [{ title: 'two\nlines' }, { path: 'parts.title', code: 'one_line' }],
      [{ body: 'bell \u0007' }, { path: 'parts.body', code: 'control_characters' }],
      [{ body: 'turned \u202e' }, { path: 'parts.body', code: 'control_characters' }],
      [{ emailSubject: 'A letter' }, { path: 'parts.emailSubject', code: 'not_sent' }],
      [{ pushBody: 'Call {hotlines}' }, { path: 'parts.pushBody', code: 'on_locked_screen' }, 'safety.crisis_card'],
    ]
    for (const [parts, error, key] of refused) {
      const answer = await put(parts, key === undefined ? 5 : 0, { key: key ?? KEY })
      t.match(answer, { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(error))
      t.ok(answer.body.errors.some((found: object) => matches(found, error)), `${JSON.stringify(error)} in ${JSON.stringify(answer.body.errors)}`)
    }
    for (const body of [{}, { parts: {} }, { parts: { title: 1 }, version: 5, reason: 'x' }, { parts: { subject: 'x' }, version: 5, reason: 'x' }, { parts: {}, version: -1, reason: 'x' }, { parts: {}, version: 5, reason: ' ' }]) {
      t.equal((await admin.call('PUT', `${PATH}/${KEY}/en`, body)).status, 400, JSON.stringify(body))
    }
    for (const key of ['nothing', 'constructor', '__proto__']) {
      t.match(await put({ title: 'x' }, 0, { key }), { status: 404, body: { code: 'not_found' } })
      t.equal((await admin.call('GET', `${PATH}/${key}`)).status, 404)
      t.equal((await admin.call('GET', `${PATH}/${key}/history?language=id`)).status, 404)
      t.equal((await admin.call('POST', `${PATH}/${key}/en/preview`, { parts: {} })).status, 404)
    }
    t.equal((await put({ title: 'x' }, 0, { language: 'fr' })).status, 400)
    t.same(await app.query('select * from notice_templates order by 1, 2, 3'), before, 'nothing was stored')
  })

  t.test('a preview says how it would read everywhere, and what is wrong or worth a look, and stores nothing', async (t) => {
    const preview = async (key: string, body: object, language = 'en') => (await admin.call('POST', `${PATH}/${key}/${language}/preview`, body)).body
    const before = await app.query('select * from notice_templates order by 1, 2, 3')
    t.match(await preview('payment.paid', { parts: { title: 'Thanks', emailSubject: 'Receipt {number}' }, variables: { amount: 20_000 } }), {
      inbox: { title: 'Thanks', body: /Rp 20,000/ }, push: { title: 'Thanks' }, email: { subject: /^Receipt / }, sms: null, errors: [], faults: [], warnings: [{ part: 'emailSubject', code: 'variable_left_out', variable: 'amount' }],
    })
    t.match(await preview(KEY, { parts: { body: '{minutes, plural, one {#!} other {#!!}}' }, variables: { minutes: 1 } }), { inbox: null, push: { body: '1!' }, email: null })
    t.match(await preview(KEY, { parts: { body: '{minutes, plural, one {#!} other {#!!}}' } }, 'id'), { warnings: [{ part: 'body', code: 'plural_idle', variable: 'one' }] })
    t.match(await preview(KEY, { parts: { body: '{minutes} left, dear' }, variables: { minutes: null } }), { faults: [{ part: 'body', by: 'staff', reason: 'missing_variable', variable: 'minutes' }, {}, {}], errors: [], push: { title: 'Your session' } })
    t.match(await preview(KEY, { parts: { body: '{minutes left' } }), { errors: [{ part: 'body', code: 'syntax' }], push: { body: '15 minutes left.' } }, 'people would read the service’s own')
    const sensitive = await preview('safety.crisis_card', { parts: { body: 'Call {hotlines}.' } })
    t.match(sensitive, { inbox: { body: /^Call / } })
    t.notMatch(sensitive.push.body, /Call/, 'others read a locked screen')
    t.equal((await preview('payout.succeeded', { parts: { sms: 'Sent {amount} to {bank}' } })).sms.segments, 1)
    t.same(await app.query('select * from notice_templates order by 1, 2, 3'), before)
    t.same(await app.query('select * from notice_faults'), [], 'a preview is no fault')
  })

  t.test('the e-mail of a preview is what is sent: the same words in the same frame, with a link to nowhere', async (t) => {
    const citra = await signIn(app, { kind: 'customer' })
    const email = 'pratinjau@surat.example'
    await app.query('insert into email_addresses (user_id, address_hash, address_encrypted) values ($1, $2, $3)', [citra.id, hashAddress(one!.env, email), sealAddress(one!.env, email)])
    const cases = [
      ['payment.paid', { emailSubject: 'Lunas: {amount}', emailBody: 'Halo <b>kamu</b>\n\n{number}, {at}' }, { amount: 20_000, minutes: 30, at: '2026-11-21T00:00:00Z', number: 'INV-1' }],
      ['sanction.warning.words', { pushBody: 'Ada \n  pesan penting. '.repeat(20) }, { message: 'Mohon sopan.' }],
    ] as const
    for (const [key, parts, variables] of cases) {
      const { email: shown } = (await admin.call('POST', `${PATH}/${key}/id/preview`, { parts, variables })).body
      await put(parts, 0, { key, language: 'id' })
      await transact(one!, (tx) => notify(tx, [{ userId: citra.id, template: key, dedupeKey: key, data: {}, variables } as Notice])) // the pair is of one template
      const [letter] = await app.query<{ kind: string; subject: string; text: string }>(`select kind, subject, text from letters where user_id = $1 and template = $2`, [citra.id, key])
      const { text, html } = layMail(one!.env, { ...letter!, userId: null, language: 'id' })
      t.same(shown, { subject: letter!.subject, text, html }, key)
      t.notMatch(html, /<script|<b>|undefined|src=/, key)
      t.ok(shown.subject.length <= 200 && !shown.subject.includes('\n'), key)
    }
    t.equal((await put({ emailSubject: 'Kamu kasar' }, 1, { key: 'sanction.warning.words', language: 'id' })).body.errors[0].code, 'not_sent', 'the subject stands on locked screens: it is the push’s')
    const proof = (await admin.call('POST', `${PATH}/email.proof/en/preview`, { parts: {} })).body
    t.match(proof, { inbox: null, push: null, sms: null, email: { text: /\n\n123456\n\n/, html: /letter-spacing:6px">123456</ } })
    t.match(proof.email.html, 'somebody entered this address', 'nobody has proven it')
    t.match((await admin.call('POST', `${PATH}/digest.listed/id/preview`, { parts: {} })).body, { inbox: null, push: null, sms: null, email: { subject: '3 kabar belum kamu baca', text: /\n\n• Kamu dapat tip \(.*\)\n\ndan 2 lagi\.\n\n.*Berhenti menerima/s, html: /<li/ } })
    t.match((await admin.call('POST', `${PATH}/security.number_left/en/preview`, { parts: { sms: 'Gone.', body: 'x' } })).body, {
      inbox: null, push: null, email: null, sms: { text: /https:/, segments: 1 }, errors: [{ part: 'body', code: 'not_sent' }, { part: 'body', code: 'variable_required' }, { part: 'sms', code: 'variable_required', variable: 'contact' }],
    })
  })

  t.test('a variable that is missing falls to the service’s own text, is counted in memory, and is shown where the text is edited', async (t) => {
    await put({ title: '{amount}!', body: 'A tip came.' }, 1, { key: 'tip.received' })
    const citra = await signIn(app, { kind: 'customer' })
    await app.query(`update users set language = 'en' where id = $1`, [citra.id])
    const tip = (key: string, variables: object) => ({ userId: citra.id, template: 'tip.received', dedupeKey: key, data: { tipId: key }, variables }) as Notice // a caller that forgets a variable does not compile
    await transact(one!, (tx) => notify(tx, [tip('whole', { amount: 5000 }), ...['a', 'b', 'c', 'd'].map((key) => tip(key, {}))]))
    t.match(await app.query('select dedupe_key, title, body from notifications where user_id = $1 order by 1', [citra.id]), [
      ...['a', 'b', 'c', 'd'].map((key) => ({ dedupe_key: key, title: 'You got a tip', body: /^A thank-you/ })), { dedupe_key: 'whole', title: 'Rp 5,000!', body: 'A tip came.' },
    ], 'the general words, as the service’s own lack it too')
    await t.rejects(transact(one!, async (tx) => {
      await notify(tx, [tip('e', {})])
      throw new Error('the act itself failed')
    }), 'who was told nothing lacked nothing')
    await eventually(async () => (await app.query(`select 1 from notice_faults where key = 'tip.received' and version = 2 and count = 4`))[0], 'they are added up')
    const { missing, faults } = await get('tip.received')
    t.match(missing.find((fault: { version: number }) => fault.version === 2), { language: 'en', part: 'title', reason: 'missing_variable', variable: 'amount', count: 4, firstAt: /Z$/, lastAt: /Z$/ })
    t.ok(missing.some((fault: { version: number }) => fault.version === 0), 'of the service’s own text too')
    t.equal((await admin.call('GET', PATH)).body.items.find((item: { key: string }) => item.key === 'tip.received').faults, faults)

    const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1 })
    t.after(() => nowhere.end())
    const fault = { template: 'tip.received', language: 'id', by: 'staff', version: 7, field: 'body', reason: 'missing_variable', variable: 'amount' } as const
    noteFaults({ ...one!, pool: nowhere }, [fault])
    await t.rejects(flushFaults({ ...one!, pool: nowhere, sql: createSql(nowhere) }), 'Postgres is away')
    noteFaults({ ...one!, pool: nowhere }, [fault, fault])
    await flushFaults({ ...one!, pool: nowhere })
    t.match(await app.query('select count from notice_faults where version = 7'), [{ count: '3' }], 'what could not be written is written later')
    await app.query(`update notice_faults set last_at = app_now() - interval '91 days'`)
    t.ok(await purgeFaults(one!, 500) > 0)
    t.same(await app.query('select * from notice_faults'), [])
  })

  t.test('a change reaches the other replica while Valkey is away, and who reads may not write', async (t) => {
    const impatient = createTemplates(other!, { rereadMs: 200 })
    await impatient.start()
    t.after(() => impatient.stop())
    gate.cut()
    t.match(await put({ body: 'No Valkey. {minutes}' }, 5), { status: 200 })
    t.equal(says().body, 'No Valkey. 2', 'where it was changed, at once')
    await eventually(() => says(other).body === 'No Valkey. 2', 'the other one reads it again')
    gate.open()
    const viewer = await staffOf(app, 'viewer')
    t.equal((await viewer.call('GET', `${PATH}/${KEY}`)).status, 200)
    t.equal((await viewer.call('POST', `${PATH}/${KEY}/en/preview`, { parts: {} })).status, 200)
    t.match(await viewer.call('PUT', `${PATH}/${KEY}/en`, { parts: {}, version: 6, reason: 'x' }), { status: 403, body: { code: 'forbidden' } })
    t.match(await viewer.call('POST', `${PATH}/${KEY}/en/restore`, { to: 'standard', version: 6, reason: 'x' }), { status: 403 })
  })
})

t.test('what the service came with would be taken from staff too, and every variable has an example of its type', async (t) => {
  for (const key of TEMPLATE_KEYS) {
    for (const language of LANGUAGES) {
      const standard = Object.fromEntries(Object.entries(TEXTS[language][key]).filter(([part]) => usableParts(key).some((usable) => usable === part)))
      t.same(checkTemplate(key, language, standard), { errors: [], warnings: [] }, `${key} in ${language}`)
      t.same(renderNotice(key, language, exampleValues(key)).faults, [], `${key} in ${language}: its examples`)
    }
    t.same(Object.keys(exampleValues(key)), Object.keys(definitionOf(key).variables))
  }
})

t.test('an SMS is counted as networks count it', async (t) => {
  t.same(['x'.repeat(160), 'x'.repeat(161), '€'.repeat(80), '€'.repeat(81), '’'.repeat(70), '’'.repeat(71), 'x'.repeat(307), ''].map(segmentsOf), [1, 2, 1, 2, 1, 2, 3, 1])
})

function matches(found: object, wanted: object): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const is = (found as Record<string, unknown>)[name]
    return value instanceof RegExp ? value.test(String(is)) : is === value
  })
}
