import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { readInvoice } from '../../modules/payments/index.ts'
import { readPayout } from '../../modules/payouts/xendit-payouts.ts'
import { readLine } from '../../modules/reconciliation/xendit-statements.ts'
import { readRefund } from '../../modules/refunds/xendit-refunds.ts'
import { probeEnv, type Provider } from '../../probe/environment.ts'
import type { Fixture } from '../../probe/recorder.ts'
import { runProbe } from '../../probe/run.ts'
import { shapeOf } from '../../probe/shape.ts'
import { differences, fieldsReadBy, valueAt, type Matters } from './fixture-check.ts'
import { startTestSimulators, testSecrets, type Simulators } from './index.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const BACKEND = join(import.meta.dirname, '../..')
const PROVIDERS = ['xendit', 'fazpass', 'fcm', 'mail', 'sms'] as const satisfies readonly Provider[]
/** Those with keys of ours that a stranger could have, and whose answers come over HTTP. */
const KEYED = ['xendit', 'fazpass', 'fcm'] as const

/** Calls of which nothing is written anywhere: they wait for an operator with keys. */
const UNDOCUMENTED = [
  'xendit/invoice-expire-expired', 'xendit/invoice-expire-paid',
  'fazpass/wrong-key', 'fazpass/request-wrong-gateway', 'fazpass/request-invalid',
]

const readFixture = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Fixture
const namesIn = (folder: string) => globSync('*/*.json', { cwd: folder }).map((file) => file.replace('.json', '')).toSorted()
const known = new Map(namesIn(FIXTURES).map((name) => [name, readFixture(FIXTURES, name)]))
/** What a provider sends by itself can't be asked for. */
const calls = [...known.keys()].filter((name) => !name.startsWith('webhooks/'))

/** Of a mail server's answer its code is kept, and what we made of it. */
const MADE_OF_IT = ['isAccepted', 'isDead', 'isOurs', 'isUnreached']

/** What our gateways read of a call's answer: where their reading functions can be asked, they are. */
function mattersOf(name: string, { body, status }: Fixture): Matters {
  const read = (reader: (body: unknown) => unknown, prefix: string) => fieldsReadBy(reader, valueAt(body, prefix)).map((field) => (prefix === '' ? field : `${prefix}.${field}`))
  if (name.startsWith('fcm/')) return { reads: ['name', 'error.message', 'error.details[].@type', 'error.details[].errorCode'], same: ['error.status', 'error.code', 'error.details[].@type', 'error.details[].errorCode', ...(name === 'fcm/send-invalid-token' ? ['error.message'] : [])] }
  if (name === 'webhooks/invoice') return { reads: ['id', 'external_id', 'status', 'amount', 'paid_amount', 'currency'], same: ['status', 'currency'] }
  if (name.startsWith('webhooks/')) return { reads: ['event', 'data.id', 'data.reference_id', 'data.status', 'data.amount', 'data.currency'], same: ['data.status', 'data.currency'] }
  if (name.startsWith('mail/')) return { reads: MADE_OF_IT, same: MADE_OF_IT }
  if (name.startsWith('sms/')) return { reads: ['id', 'code'], same: name === 'sms/send-invalid' ? ['code'] : [] }
  if (name.startsWith('fazpass/')) return { reads: ['status', 'message', 'data.id'], same: ['status'] }
  if (status !== 200) return { reads: ['error_code'], same: valueAt(body, 'error_code') === 'text' ? [] : ['error_code'] }
  const [, kind = ''] = /^xendit\/([a-z]+)/.exec(name) ?? []
  const isEmpty = name.endsWith('-unknown')
  if (kind === 'balance') return { reads: ['balance'], same: [] }
  if (kind === 'invoice') return { reads: isEmpty ? [] : read(readInvoice, name.includes('list') ? '[]' : ''), same: isEmpty || name.includes('list') ? [] : ['status', 'currency'] }
  if (kind === 'transactions') return { reads: ['data', 'has_more', ...read(readLine, 'data[]')], same: [] }
  const reader = kind === 'payout' ? readPayout : readRefund
  if (!name.includes('list')) return { reads: read(reader, ''), same: ['currency', ...(kind === 'payout' ? ['status'] : [])] }
  return { reads: ['data', 'has_more', ...(isEmpty ? [] : read(reader, 'data[]'))], same: [] }
}

const differencesOf = (name: string, simulated: Fixture) => differences(known.get(name)!, simulated, mattersOf(name, known.get(name)!))

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

async function start(t: Test) {
  const simulators = await startTestSimulators({ xendit: { rateLimitPerMinute: 600 }, fcm: { accessToken: 'simulated' }, smtp: { user: testSecrets.smtpUser, password: testSecrets.smtpPassword } })
  t.after(() => simulators.stop())
  return simulators
}

const environmentOf = (simulators: Simulators) => ({
  XENDIT_BASE_URL: simulators.xenditBaseUrl, XENDIT_SECRET_KEY: testSecrets.xenditSecretKey,
  FAZPASS_BASE_URL: simulators.fazpassBaseUrl, FAZPASS_MERCHANT_KEY: testSecrets.fazpassMerchantKey, FAZPASS_GATEWAY_KEY: testSecrets.fazpassGatewayKey,
  FCM_SIMULATOR: simulators.url, FIREBASE_PROJECT_ID: 'a-project-of-ours',
  SMTP_URL: simulators.smtp!.url, SMTP_CA: simulators.smtp!.ca, MAIL_FROM: 'Probe <probe@halobestie.example>',
  SMS_BASE_URL: simulators.smsBaseUrl, SMS_API_KEY: testSecrets.smsApiKey, SMS_SENDER: 'Probe',
})

/** What the command does, in this process: one after another, since it listens to the process' own `fetch`. */
async function probe(args: string[], env: Record<string, string>) {
  const said: string[] = []
  const code = await runProbe({ args, variables: env, folder: FIXTURES, say: (line) => said.push(line), askCode: async () => '000000' })
  return { code, said: said.join('\n') }
}

/** The command as an operator runs it. */
async function command(args: string[], env: Record<string, string>, input = '') {
  const child = spawn(process.execPath, [join(BACKEND, 'probe.ts'), ...args], { env: { PATH: process.env['PATH'], ...env } })
  child.stdin.end(input)
  const [code, out, error] = await Promise.all([new Promise<number | null>((resolve) => child.once('close', resolve)), text(child.stdout), text(child.stderr)])
  return { code, said: out + error }
}

const PHONE = '+6281298765432'
const DEVICE = 'device-of-the-operator'
const GONE = 'device-that-is-gone'
const MAILBOX = 'operator@surat.example'
const NOBODY = 'nobody@surat.example'

/** Everything that the probe can ask, of our simulators. */
async function probeAll(simulators: Simulators, folder: string) {
  const { xendit, fcm } = simulators.control
  const invoice = xendit.create({ external_id: 'paid-before', amount: 50_000, currency: 'IDR' })
  await xendit.pay(invoice.id)
  simulators.control.setFaults({ mail: { addresses: { [NOBODY]: { fault: 'unknown' } } } })
  fcm.setToken('not-a-token', 'invalid-token')
  fcm.setToken(GONE, 'unregistered')
  const args: Record<Provider, string[]> = {
    xendit: ['--move-money', '--paid-invoice', invoice.id],
    fazpass: ['--send-sms', '--phone', PHONE],
    fcm: ['--token', DEVICE, '--dead-token', GONE],
    mail: ['--send-mail', '--to', MAILBOX, '--dead', NOBODY],
    sms: ['--send-sms', '--phone', PHONE],
  }
  return forEachProvider((provider) => probe([provider, ...args[provider], '--out', folder], environmentOf(simulators)))
}

async function forEachProvider<T>(act: (provider: Provider) => Promise<T>, providers: readonly Provider[] = PROVIDERS): Promise<T[]> {
  const done: T[] = []
  for (const provider of providers) done.push(await act(provider))
  return done
}

t.test('every fixture says where it is from, and nothing of anybody', async (t) => {
  t.ok(known.size > 30)
  for (const [name, fixture] of known) {
    if (fixture.source === 'recorded') t.match(fixture.at, /^\d{4}-/, name)
    else t.match(fixture.reference, /\w{4}/, `${name}: what is not recorded names its source`)
    t.same(shapeOf(fixture.body), fixture.body, `${name}: placeholders only`)
  }
})

t.test('the simulators answer every call of the probe as the fixtures say', async (t) => {
  const simulators = await start(t)
  const folder = temporaryFolder(t)
  const runs = await probeAll(simulators, folder)
  for (const { code, said } of runs) t.match({ code, said }, { code: 0, said: / 0 not permitted, 0 unreadable/ })
  t.same(namesIn(folder), [...new Set([...calls, ...UNDOCUMENTED])].toSorted(), 'each has a fixture, or waits for one')
  t.same(UNDOCUMENTED.filter((name) => known.get(name)?.source === 'documentation'), [])
  const answers = new Map(calls.map((name) => [name, readFixture(folder, name)]))
  for (const [name, simulated] of answers) t.same(differencesOf(name, simulated), [], name)

  await t.test('and one that drifts is found out', async (t) => {
    for (const [name, simulated] of answers) {
      const drifted = (change: (copy: { status: number; headers: Record<string, string>; body: unknown }) => void) => {
        const copy = structuredClone(simulated) as Fixture & { status: number }
        change(copy)
        return differencesOf(name, copy).length
      }
      t.ok(drifted((copy) => (copy.status = 418)), `${name}: another status`)
      if (!name.startsWith('mail/')) t.ok(drifted((copy) => delete copy.headers['content-type']), `${name}: a header less`)
      t.ok(drifted((copy) => (copy.headers['retry-after'] = '0')), `${name}: a header more`)
      const expected = known.get(name)!.body
      if (!Array.isArray(expected) || expected.length > 0) t.ok(drifted((copy) => Object.assign((Array.isArray(copy.body) ? copy.body[0] : copy.body) as object, { invented_here: 1 })), `${name}: a field more`)
      for (const path of mattersOf(name, known.get(name)!).reads) {
        const value = valueAt(expected, path)
        if (value === undefined || value === null || valueAt(simulated.body, path) === undefined) continue
        const [, before, field] = /^(?:(.*?)\.)?([^.]+)$/.exec(path)!
        const holder = (copy: { body: unknown }) => (before === undefined ? copy.body : valueAt(copy.body, before)) as Record<string, unknown>
        t.ok(drifted((copy) => delete holder(copy)[field!]), `${name}: without ${path}`)
        t.ok(drifted((copy) => (holder(copy)[field!] = typeof value === 'boolean' ? 1 : true)), `${name}: ${path} of another type`)
      }
    }
  })

  await t.test('nothing that is secret is printed or stored, and a second run changes nothing', async (t) => {
    const stored = namesIn(folder).map((name) => readFileSync(join(folder, `${name}.json`), 'utf8'))
    const everything = stored.join('\n') + runs.map(({ said }) => said).join('\n')
    const { invoices, payouts } = simulators.control.xendit
    const ids = [...invoices(), ...payouts()].flatMap((one) => [one.id, 'external_id' in one ? String(one['external_id']) : one.reference_id])
    for (const secret of [...Object.values(testSecrets), Buffer.from(`${testSecrets.xenditSecretKey}:`).toString('base64'), PHONE.slice(1), DEVICE, GONE, MAILBOX, NOBODY, 'a-project-of-ours', '1234567890', '000000', ...ids]) {
      t.notOk(everything.includes(secret), secret)
    }
    simulators.control.reset()
    await probeAll(simulators, folder)
    t.same(namesIn(folder).map((name) => readFileSync(join(folder, `${name}.json`), 'utf8')), stored)
  })

  await t.test('a simulator that really answers otherwise does not pass', async (t) => {
    simulators.control.reset()
    simulators.control.xendit.setPayoutRule({ bareList: true })
    await probe(['xendit', '--out', folder], environmentOf(simulators))
    t.strictSame(differencesOf('xendit/payout-list-unknown', readFixture(folder, 'xendit/payout-list-unknown'))[0], 'the body is a list instead of object')
  })
})

t.test('webhooks are made of what the documents name, and one that drifts is found out', async (t) => {
  const { control } = await start(t)
  const { xendit } = control
  const invoice = xendit.create({ external_id: 'order', amount: 50_000, currency: 'IDR', success_redirect_url: 'https://example.com/a', description: 'Something' })
  await xendit.pay(invoice.id)
  const refund = xendit.refunds.create({ invoice_id: invoice.id, reference_id: 'refund', amount: 1000, reason: 'OTHERS' }, 'key-1')
  await xendit.refunds.succeed(refund.id)
  const payout = xendit.createPayout('key-2', { reference_id: 'payout', channel_code: 'ID_BCA', channel_properties: { account_number: '1234567890' }, amount: 50_000, currency: 'IDR', description: 'Something' })
  await xendit.movePayout(payout.id, { status: 'SUCCEEDED' })
  for (const [kind, id] of [['invoice', invoice.id], ['refund', refund.id], ['payout', payout.id]] as const) {
    const name = `webhooks/${kind}`
    const told = (change: object = {}) => differencesOf(name, { ...known.get(name)!, body: shapeOf({ ...xendit.webhooks(id).at(-1)!.body, ...change }) })
    t.same(told(), [], name)
    t.same(told({ invented_here: 1 }), ['invented_here is invented'])
    t.ok(told(kind === 'invoice' ? { external_id: undefined } : { data: {} }).length > 0, `${name}: without what we read`)
  }
})

t.test('what is missing or not for testing is told by name, before any call', async (t) => {
  const problems = (provider: Provider, env: Record<string, string>) => {
    try {
      probeEnv(provider, env)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  t.equal(problems('xendit', {}), 'XENDIT_SECRET_KEY must be set')
  t.equal(problems('fazpass', {}), 'FAZPASS_MERCHANT_KEY must be set\nFAZPASS_GATEWAY_KEY must be set')
  t.equal(problems('fcm', {}), 'FIREBASE_SERVICE_ACCOUNT_PATH must be set')
  t.equal(problems('mail', {}), 'SMTP_URL must be set\nMAIL_FROM must be set')
  t.equal(problems('sms', { SMS_BASE_URL: 'http://sms.example.com' }), 'SMS_API_KEY must be set\nSMS_SENDER must be set\nSMS_BASE_URL must be https: a key goes there')
  t.match(problems('xendit', { XENDIT_SECRET_KEY: 'xnd_production_abcdef' }), /^XENDIT_SECRET_KEY is not a test key .*: refused$/)
  t.match(problems('xendit', { XENDIT_SECRET_KEY: 'xnd_development_x', XENDIT_BASE_URL: 'http://api.example.com' }), /XENDIT_BASE_URL must be https/)
  t.equal(problems('xendit', { XENDIT_SECRET_KEY: 'xnd_development_x' }), '')
  const live = await probe(['xendit'], { XENDIT_SECRET_KEY: 'xnd_production_abcdef' })
  t.match(live, { code: 1, said: /probe: XENDIT_SECRET_KEY is not a test key/ })
  t.notMatch(live.said, /abcdef/)
  for (const args of [['paypal'], ['fcm', '--fast'], ['fcm', '--timeout', 'soon'], []]) t.match(await probe(args, {}), { code: 1, said: /usage: node backend\/probe.ts xendit\|fazpass\|fcm/ })
})

t.test('the command asks for the code on its input, and ends by itself', async (t) => {
  const simulators = await start(t)
  const folder = temporaryFolder(t)
  t.match(await command(['fazpass', '--send-sms', '--phone', PHONE, '--out', folder], environmentOf(simulators), '000000\n'), { code: 0, said: /verify: 200\nverify-again: 400/ })
  t.equal(namesIn(folder).length, 8)
})

t.test('no money moves and nobody gets a message unless it is asked for', async (t) => {
  const simulators = await start(t)
  const { control } = simulators
  const folder = temporaryFolder(t)
  control.fcm.setToken('not-a-token', 'invalid-token')
  const env = environmentOf(simulators)
  t.match(await probe(['xendit', '--out', folder], env), { code: 0, said: /not asked without --move-money/ })
  t.match(await probe(['fazpass', '--phone', PHONE, '--out', folder], env), { code: 0, said: /not asked without --send-sms/ })
  t.match(await probe(['fcm', '--token', DEVICE, '--out', folder], env), { code: 0, said: /send: 200/ })
  t.match(await probe(['fazpass', '--send-sms'], env), { code: 1, said: /--send-sms needs --phone/ })
  t.match(await probe(['mail', '--to', MAILBOX, '--out', folder], env), { code: 0, said: /not asked without --send-mail/ })
  t.match(await probe(['sms', '--phone', PHONE, '--out', folder], env), { code: 0, said: /not asked without --send-sms/ })
  t.match(await probe(['mail', '--send-mail'], env), { code: 1, said: /--send-mail needs --to/ })
  t.same([control.xendit.payouts(), control.xendit.refunds.all(), control.fazpass.messages(), control.fcm.messages(), control.mail.messages(), control.sms.messages()], [[], [], [], [], [], []])
  t.ok(control.xendit.invoices().every(({ status }) => status === 'EXPIRED'), 'its invoices are ended')
  t.match(await probe(['fcm', '--token', DEVICE, '--push', '--out', folder], env), { code: 0 })
  t.equal(control.fcm.messages(DEVICE).length, 1)
})

t.test('a provider that hangs, breaks off, talks HTML or refuses the key ends the probe, and stores nothing', async (t) => {
  const simulators = await start(t)
  const { control } = simulators
  const folder = temporaryFolder(t)
  const env = environmentOf(simulators)
  const all = (args: string[], variables: Record<string, string> = env) => forEachProvider((provider) => probe([provider, ...args, '--out', folder], variables), KEYED)
  for (const [error, said] of [['hang', /no answer in 700 ms|did not answer in time/], ['html502', /50[02]|not JSON/], ['truncate', /broke off|no answer|the connection failed/]] as const) {
    control.setFaults({ xendit: { api: { error } }, fazpass: { api: { error } }, fcm: { api: { error } } })
    // An answer that comes takes its time on a busy machine: it is not given up so soon.
    for (const run of await all(error === 'html502' ? [] : ['--timeout', '0.7'])) t.match(run, { code: 1, said }, error)
  }
  control.resetFaults()
  const strangers = await all([], { ...env, XENDIT_SECRET_KEY: 'xnd_development_stranger', FAZPASS_MERCHANT_KEY: 'stranger-key' })
  t.match(strangers.slice(0, 2), [{ code: 1, said: /balance: the provider does not accept the key \(401\)/ }, { code: 1, said: /does not accept the key/ }])
  t.same(readdirSync(folder).filter((name) => name !== 'fcm'), [])
})

t.test('a mail server and a provider of SMS that are unwell, or not to be trusted, end the probe', async (t) => {
  const simulators = await start(t)
  const { control } = simulators
  const folder = temporaryFolder(t)
  const { SMTP_CA: _ca, ...untrusting } = environmentOf(simulators)
  t.match(await probe(['mail', '--out', folder], untrusting), { code: 1, said: /wrong-password: smtp-tls/ })
  control.setFaults({ mail: { fault: 'garbage' }, sms: { api: { error: 'html502' } } })
  t.match(await probe(['mail', '--out', folder], environmentOf(simulators)), { code: 1, said: /wrong-password: smtp-/ })
  t.match(await probe(['sms', '--out', folder], environmentOf(simulators)), { code: 1, said: /not JSON/ })
  control.setFaults({ sms: { api: { error: 'garbage' } } })
  t.match(await probe(['sms', '--out', folder], environmentOf(simulators)), { code: 1, said: /not JSON/ })
  control.resetFaults()
  t.match(await probe(['sms', '--out', folder], { ...environmentOf(simulators), SMS_API_KEY: 'stranger-key' }), { code: 0, said: /send-invalid: the key may not do this \(401\), not recorded/ })
  t.same(namesIn(folder), ['sms/wrong-key'])
})
