import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { CHANNELS, DIGEST, KINDS } from '../channels/index.ts'
import { LANGUAGES } from '../identity/index.ts'
import { channelsOf } from './check-template.ts'
import { checkText, variablesIn } from './compile-text.ts'
import { GENERAL, SILENT } from './general-texts.ts'
import type { NoticeTexts, Variables, VariableType } from './notice-types.ts'
import { PARTS } from './template-parts.ts'
import { definitionOf, TEMPLATE_KEYS, TEXTS, type TemplateKey } from './notices.ts'
import { renderNotice, sayPlainly, type Rendered } from './render-notice.ts'
import { segmentsOf } from './sms-segments.ts'

const SAMPLE: Readonly<Record<VariableType, string | number>> = { text: 'Sari', count: 3, money: 50_000, time: '2026-11-22T03:30:00Z' }
const sampleOf = (key: TemplateKey): Variables => Object.fromEntries(Object.entries(definitionOf(key).variables).map(([name, type]) => [name, SAMPLE[type]]))
const shownOf = ({ title, body, push, email, sms }: Rendered) => [title, body, push.title, push.body, email.subject, email.body, sms]
const textsOf = (texts: NoticeTexts) => PARTS.flatMap((field) => (texts[field] === undefined ? [] : [texts[field]]))

t.test('every notice has words in both languages, uses what it declares and nothing else, and goes somewhere', async (t) => {
  for (const key of TEMPLATE_KEYS) {
    const definition = definitionOf(key)
    t.ok([...Object.keys(KINDS), DIGEST].includes(definition.kind), key)
    for (const language of LANGUAGES) {
      const texts = TEXTS[language][key]
      for (const text of textsOf(texts)) t.same(checkText(definition, text, language), [], `${key} ${language}: ${text}`)
      t.same(new Set(textsOf(texts).flatMap((text) => variablesIn(text, language))), new Set(Object.keys(definition.variables)), `${key} ${language}: every variable is used`)
      const rendered = renderNotice(key, language, sampleOf(key))
      t.same(rendered.faults, [], key)
      for (const shown of shownOf(rendered)) t.ok(shown.length > 0 && !/[{}]|undefined|NaN/.test(shown), `${key} ${language}: ${shown}`)
      t.equal(texts.pushTitle !== undefined && texts.pushBody !== undefined, definition.sensitive === true, `${key}: the locked screen has words of its own where, and only where, it must`)
      if (definition.sensitive) t.notOk(rendered.push.title === rendered.title || rendered.push.body === rendered.body, key)
      t.ok(rendered.title.length <= 60 && (rendered.push.body.length <= 180 || !channelsOf(key).includes('push')), `${key} ${language} is short`)
    }
    if (!/^\{\w+\}$/.test(TEXTS.id[key].body)) t.not(TEXTS.id[key].body, TEXTS.en[key].body, `${key} is translated`)
    const data = { sessionId: 's', offerId: 'o', conversationId: 'c', paymentId: 'p', refundId: 'r', payoutId: 'u', creditId: 'k', tipId: 't', sanctionId: 'x', appealId: 'a', caseId: 'e', announcementId: 'n', signInId: 'i' }
    for (const shown of [definition.tag(data), definition.link(data)]) t.notMatch(shown, /undefined/, key)
    t.match(definition.link(data), /^\/[\w/-]*$/, `${key}: a path`)
    t.ok(Buffer.byteLength(definition.tag({ sessionId: crypto.randomUUID() })) <= 64, `${key}: Apple takes the tag`)
    t.ok(definition.ttlSeconds >= 30 && definition.ttlSeconds <= 7 * 86_400, key)
    for (const name of definition.mustSay ?? []) t.equal(definition.variables[name], 'text', `${key} must say words`)
    t.ok(channelsOf(key).length > 0 && channelsOf(key).every((channel) => CHANNELS.includes(channel)), `${key} reaches somebody`)
    if (channelsOf(key).join() === 'sms') for (const language of LANGUAGES) t.ok(TEXTS[language][key].sms, `${key}: nothing else of it is read`)
  }
  for (const language of LANGUAGES) t.same(Object.keys(GENERAL[language]).toSorted(), [...Object.keys(KINDS), DIGEST].toSorted())
})

t.test('money, plurals, times and names, as each language writes them', async (t) => {
  t.equal(renderNotice('credit.given', 'id', { amount: 50_000 }).body, 'Kredit Rp 50.000 ada di dompetmu.')
  t.equal(renderNotice('credit.given', 'en', { amount: 50_000 }).body, 'Rp 50,000 of credit is in your wallet.')
  t.equal(renderNotice('session.time_short', 'en', { minutes: 1 }).body, '1 minute left.')
  t.equal(renderNotice('session.time_short', 'en', { minutes: 5 }).body, '5 minutes left.')
  t.equal(renderNotice('session.time_short', 'id', { minutes: 5 }).body, 'Sisa 5 menit.')
  t.equal(renderNotice('message.new', 'id', { count: 1 }).body, 'Ada pesan baru untukmu.')
  t.equal(renderNotice('message.new', 'id', { count: 12 }).body, '12 pesan baru menunggumu.')
  const at = { at: '2026-11-22T16:30:00Z' }
  t.match(renderNotice('security.new_sign_in', 'id', at, { timeZone: 'Asia/Jakarta' }).body, /22 Nov 2026, 23\.30 WIB/)
  t.match(renderNotice('security.new_sign_in', 'id', at, { timeZone: 'Asia/Jayapura' }).body, /23 Nov 2026, 01\.30 WIT/)
  t.match(renderNotice('security.new_sign_in', 'en', at, { timeZone: 'Mars/Olympus' }).body, /Nov 22, 2026, 23:30/, 'an unknown zone is Jakarta’s')
  const markup = renderNotice('availability.named', 'id', { name: '{count, plural, other {x}} <b>Sari</b> ’{y}' })
  t.equal(markup.title, '{count, plural, other {x}} <b>Sari</b> ’{y} tersedia', 'a value is words, never ICU or markup')
  t.same(markup.faults, [])
  t.equal(renderNotice('availability.named', 'id', { name: 'Sa\u202eri\u0000\n' }).title, 'Sa ri tersedia')
})

t.test('an SMS is of the letters that cost half, wherever that changes nothing it says', async (t) => {
  const { sms } = renderNotice('bank_account.replaced', 'en', { bank: 'BCA', number: '•••• 4242' })
  t.equal(sms, "Bank account changed: Your next payout goes to BCA **** 4242. Wasn't it you? Contact us.")
  t.equal(segmentsOf(sms), 1)
  t.match(renderNotice('bank_account.replaced', 'en', { bank: 'BCA', number: '•••• 4242' }).body, /BCA •••• 4242\. Wasn’t/, 'elsewhere it stays as it is')
  t.match(renderNotice('bank_account.replaced', 'en', { bank: '銀行', number: '•••• 4242' }).sms, /銀行 •••• 4242\. Wasn’t/, 'wide in any case')
  const long = renderNotice('payout.succeeded', 'id', { amount: 1, bank: 'x'.repeat(500), number: '1' }).sms
  t.equal(long.length, 320)
  t.ok(long.endsWith('x...'))
})

t.test('what is missing or broken falls to the next words, and is told', async (t) => {
  const override = { title: 'Tip! {amount}', body: 'Dari {nama}' }
  const staffs = renderNotice('tip.received', 'id', { amount: 10_000 }, { override })
  t.match(staffs, { title: 'Kamu dapat tip', body: 'Rp 10.000 dari pelangganmu.' }, 'title and body are of the same words')
  t.match(staffs.faults, [{ template: 'tip.received', by: 'staff', field: 'body', language: 'id', reason: 'unknown_variable', variable: 'nama' }])
  t.match(renderNotice('tip.received', 'id', { amount: 10_000 }, { override: { body: 'Asyik, {amount}!' } }), { title: 'Kamu dapat tip', body: 'Asyik, Rp 10.000!', faults: [] })
  const none = renderNotice('tip.received', 'en', {})
  t.match(none, { title: GENERAL.en.tip.title, body: GENERAL.en.tip.body })
  t.match(none.faults, [{ by: 'built_in', language: 'en', reason: 'missing_variable', variable: 'amount' }, { by: 'built_in', language: 'id' }])
  for (const [body, reason] of [['{', 'syntax'], ['{amount, plural, other {#}}', 'wrong_type'], ['{amount, date}', 'wrong_type'], ['  ', 'empty'], ['{amount, select, other {}}', 'empty'], [`'{'amount'}'`, 'syntax']] as const) {
    const rendered = renderNotice('tip.received', 'id', { amount: 10_000 }, { override: { body } })
    t.equal(rendered.body, 'Rp 10.000 dari pelangganmu.', body)
    t.match(rendered.faults, [{ by: 'staff', reason }], body)
  }
  const helpless = renderNotice('safety.crisis_card', 'id', { hotlines: '119' }, { override: { body: 'Kami ada untukmu.' } })
  t.match(helpless, { body: /119$/, faults: [{ by: 'staff', field: 'body', reason: 'missing_variable', variable: 'hotlines' }] }, 'whom to call stands there, whatever staff write')
  t.match(renderNotice('safety.crisis_card', 'en', { hotlines: '119' }, { override: { body: '{hotlines}: call now.' } }), { body: '119: call now.', faults: [] })
  const contact = 'https://halobestie.com/bantuan'
  for (const sms of ['Nomor diganti.', '{contact, select, other {Nomor diganti.}}', `${'x'.repeat(300)} {contact}`]) {
    const silent = renderNotice('security.number_left', 'id', { contact }, { override: { sms } })
    t.match(silent, { sms: /Hubungi kami: https:\/\/halobestie\.com\/bantuan$/, faults: [{ by: 'staff', field: 'sms', reason: 'missing_variable', variable: 'contact' }] }, sms)
  }
  t.match(renderNotice('security.number_left', 'en', { contact: 'WA –  0812' }, { override: { sms: 'Changed. {contact}' } }), { sms: 'Changed. WA - 0812', faults: [] }, 'said in cheap letters is said')
  t.equal(renderNotice('sanction.warning.words', 'id', {}).push.body, 'Ada pesan penting untukmu.')
  const loud = renderNotice('sanction.warning.words', 'id', { message: 'Kamu kasar.' }, { override: { title: 'Kamu kasar', pushTitle: '{', sms: 'Kamu kasar' } })
  t.notMatch([loud.push.title, loud.push.body, loud.sms].join(), /kasar/, 'a locked screen stays silent, whatever staff write elsewhere')
  const plain = sayPlainly(renderNotice('announcement', 'id'), { title: 'Diskon {50%}', body: '<b>Hari ini</b>' }, definitionOf('announcement'))
  t.match(plain, { title: 'Diskon {50%}', push: { body: '<b>Hari ini</b>' }, faults: [] }, 'an announcement’s words are what they are')
  t.equal(sayPlainly(renderNotice('announcement', 'id'), { title: ' ', body: 'x' }, {}).title, 'Kabar dari halobestie')
  t.equal(sayPlainly(renderNotice('sanction.warning', 'id'), { title: 'Kasar', body: 'Kasar' }, definitionOf('sanction.warning')).push.body, SILENT.id.body)
})

const key = fc.constantFrom(...TEMPLATE_KEYS)
const language = fc.constantFrom(...LANGUAGES)
/** What looks like a variable that nobody filled in. */
const TRACE = /[{}]|undefined|NaN|\[object/
// What people and staff write themselves is theirs, whatever it looks like: everything else that looks like a trace is ours.
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3000 }).filter((text) => !TRACE.test(text)), fc.double(), fc.integer(),
  fc.constantFrom(undefined, null, Number.NaN, '', ' ', {}, [], true, 1n, '2026-01-01T00:00:00Z'),
)
const broken = fc.oneof(
  fc.string({ maxLength: 200 }), fc.string({ unit: fc.constantFrom('{', '}', '\'', '#', '<', '>', ',', ' ', 'amount', 'count', 'plural', 'select', 'number', 'other', '=1', '::', 'x', '/'), maxLength: 25 }),
).filter((text) => !/undefined|NaN|\[object/.test(text))

t.test('whatever the values are, whatever is missing and whatever staff wrote: words, and no trace of a variable', async () => {
  fc.assert(fc.property(key, language, fc.array(value, { maxLength: 8 }), fc.option(fc.record(Object.fromEntries(PARTS.map((field) => [field, broken])), { requiredKeys: [] }), { nil: undefined }), (of, into, values, override) => {
    // Rows and people bring what no type promises.
    const variables = Object.fromEntries([...Object.keys(definitionOf(of).variables), 'constructor', '__proto__'].map((name, at) => [name, values[at]])) as Variables
    const rendered = renderNotice(of, into, variables, { override })
    const [most, shown] = [[120, 2000, 120, 2000, 120, 2000, 320], shownOf(rendered)]
    return shown.every((text, at) => text.trim().length > 0 && text.length <= most[at]! && !TRACE.test(text) && text.isWellFormed())
  }), { numRuns: 1500 })
})

t.test('no words for people stand in what gives a notice', async (t) => {
  const modules = join(import.meta.dirname, '..')
  const words = /\b(kamu|\w+mu|pelanggan|dompet|pembayaran|rekening|sesi|pesan|waktu|sudah|akun|tidak|untuk)\b/i
  for (const file of readdirSync(modules, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('notifications/'))) {
    const source = readFileSync(join(modules, file), 'utf8')
    if (!/\bnotify\(/.test(source)) continue
    const said = [...source.matchAll(/'([^'\n]*)'|`([^`\n]*)`/g)].map(([, quoted, templated]) => (quoted ?? templated)!).filter((text) => text.includes(' ') && words.test(text))
    t.same(said, [], file)
  }
})
