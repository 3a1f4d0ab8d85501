import { createServer } from 'node:http'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Configuration, Invoice as InvoiceClient } from 'xendit-node'
import { eventually } from '../wait.ts'
import { startTestSimulators, testSecrets, type Simulators } from './index.ts'

/** As the product's gateway must do it: the client itself would wait for ever. */
class LeavingClient extends InvoiceClient {
  constructor(xenditURL: string, signal: AbortSignal) {
    super({ secretKey: testSecrets.xenditSecretKey, xenditURL })
    const fetchApi: typeof fetch = (url, init) => fetch(url, { ...init, signal })
    this.configuration = new Configuration({ basePath: xenditURL, fetchApi })
  }
}

let simulators: Simulators
let client: InvoiceClient

function test(name: string, run: (t: Test) => Promise<void>): void {
  void t.test(name, async (t) => {
    simulators = await startTestSimulators()
    t.after(() => simulators.stop())
    client = new InvoiceClient({ secretKey: testSecrets.xenditSecretKey, xenditURL: simulators.xenditBaseUrl })
    await run(t)
  })
}

const order = { externalId: 'payment-1', amount: 25_000, invoiceDuration: 600, currency: 'IDR' }
/** What an act fails with; xendit-node's errors have fields that the type Error lacks. */
const failureOf = (acting: Promise<unknown>): Promise<unknown> =>
  acting.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
const post = (path: string, body?: unknown) =>
  fetch(`${simulators.url}${path}`, { method: 'POST', ...(body !== undefined && { body: JSON.stringify(body) }) })

test('an invoice is created, read by id and found by its external id', async (t) => {
  const made = await client.createInvoice({
    data: {
      ...order,
      description: 'A talk of 30 minutes',
      successRedirectUrl: 'https://example.test/ok',
      paymentMethods: ['QRIS', 'BANK_TRANSFER'],
    },
  })
  t.match(made, {
    id: /^[0-9a-f]{24}$/,
    externalId: 'payment-1',
    status: 'PENDING',
    amount: 25_000,
    currency: 'IDR',
    successRedirectUrl: 'https://example.test/ok',
  })
  t.equal(made.invoiceUrl, `${simulators.url}/checkout/${made.id}`)
  t.equal(made.expiryDate.getTime() - made.created.getTime(), 600_000)
  t.ok(made.availableBanks.some((bank) => bank.bankCode === 'BCA'))
  t.equal(made.availableEwallets.length, 0)
  t.same(await client.getInvoiceById({ invoiceId: made.id! }), made)
  t.same(await client.getInvoices({ externalId: 'payment-1' }), [made])
  t.same(await client.getInvoices({ externalId: 'payment-2' }), [])
})

test('an external id may be used twice, and the list gives the newest first', async (t) => {
  const first = await client.createInvoice({ data: order })
  const second = await client.createInvoice({ data: order })
  t.same(
    (await client.getInvoices({ externalId: 'payment-1' })).map((invoice) => invoice.id),
    [second.id, first.id],
  )
  const [newest] = await client.getInvoices({ limit: 1 })
  t.equal(newest?.id, second.id)
  const older = await client.getInvoices({ lastInvoice: second.id! })
  t.same(older.map((invoice) => invoice.id), [first.id])
})

test('the list is filtered by status, time and channel', async (t) => {
  const paid = await client.createInvoice({ data: order })
  const expired = await client.createInvoice({ data: order })
  await client.createInvoice({ data: order })
  await simulators.control.xendit.pay(paid.id!, { channel: 'OVO' })
  await client.expireInvoice({ invoiceId: expired.id! })
  const ids = async (filter: Parameters<InvoiceClient['getInvoices']>[0]) =>
    (await client.getInvoices(filter)).map((invoice) => invoice.id)
  t.same(await ids({ statuses: ['PAID', 'EXPIRED'] }), [expired.id, paid.id])
  t.same(await ids({ statuses: ['PAID'] }), [paid.id])
  t.same(await ids({ paymentChannels: ['OVO'] }), [paid.id])
  const minuteAgo = new Date(Date.now() - 60_000)
  t.same(await ids({ paidAfter: minuteAgo }), [paid.id])
  t.same(await ids({ paidBefore: minuteAgo }), [])
  t.equal((await ids({ createdAfter: minuteAgo })).length, 3)
})

test('decimals of rupiah are cut off, and what is no amount is refused', async (t) => {
  t.equal((await client.createInvoice({ data: { ...order, amount: 4550.5 } })).amount, 4550)
  for (const amount of [0, -1, 0.5]) {
    t.match(await failureOf(client.createInvoice({ data: { ...order, amount } })), {
      status: 400,
      errorCode: 'API_VALIDATION_ERROR',
    })
  }
  const nameless = client.createInvoice({ data: { ...order, externalId: '' } })
  t.match(await failureOf(nameless), { errorCode: 'API_VALIDATION_ERROR' })
})

test('a wrong key, an unknown invoice and a body that is no JSON are refused in Xendit words', async (t) => {
  const stranger = new InvoiceClient({ secretKey: 'xnd_wrong', xenditURL: simulators.xenditBaseUrl })
  t.match(await failureOf(stranger.createInvoice({ data: order })), { status: 401, errorCode: 'INVALID_API_KEY' })
  t.match(await failureOf(client.getInvoiceById({ invoiceId: 'f'.repeat(24) })), {
    status: 404,
    errorCode: 'INVOICE_NOT_FOUND_ERROR',
  })
  const authorization = `Basic ${btoa(`${testSecrets.xenditSecretKey}:`)}`
  const response = await fetch(`${simulators.xenditBaseUrl}/v2/invoices/`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"external_id":',
  })
  t.equal(response.status, 400)
  t.match(await response.json(), { error_code: 'INVALID_JSON_FORMAT' })
})

test('a paid invoice can not be expired, an expired one stays as it is', async (t) => {
  const paid = await client.createInvoice({ data: order })
  t.match(await (await post(`/xendit/invoices/${paid.id}/pay`)).json(), {
    status: 'PAID',
    paid_amount: 25_000,
    payment_method: 'BANK_TRANSFER',
    payment_channel: 'BCA',
  })
  t.equal((await client.getInvoiceById({ invoiceId: paid.id! })).status, 'PAID')
  t.match(await failureOf(client.expireInvoice({ invoiceId: paid.id! })), { status: 400 })

  const expired = await client.createInvoice({ data: order })
  const first = await client.expireInvoice({ invoiceId: expired.id! })
  t.equal(first.status, 'EXPIRED')
  t.same(await client.expireInvoice({ invoiceId: expired.id! }), first)
})

test('a script pays other amounts, another currency, too late and twice only when it says so', async (t) => {
  const partial = await client.createInvoice({ data: order })
  t.match(await (await post(`/xendit/invoices/${partial.id}/pay`, { amount: 10_000, channel: 'qris' })).json(), {
    paid_amount: 10_000,
    amount: 25_000,
    payment_method: 'QR_CODE',
  })
  t.equal((await post(`/xendit/invoices/${partial.id}/pay`)).status, 409)
  t.equal((await post(`/xendit/invoices/${partial.id}/pay`, { again: true })).status, 200)

  const foreign = await client.createInvoice({ data: order })
  t.match(await (await post(`/xendit/invoices/${foreign.id}/pay`, { currency: 'usd' })).json(), { currency: 'USD' })

  const late = await client.createInvoice({ data: order })
  t.equal((await post(`/xendit/invoices/${late.id}/expire`)).status, 200)
  const refused = await post(`/xendit/invoices/${late.id}/pay`)
  t.equal(refused.status, 409)
  t.match(await refused.json(), { error_code: 'INVOICE_EXPIRED' })
  t.match(await (await post(`/xendit/invoices/${late.id}/pay`, { afterExpiry: true })).json(), { status: 'PAID' })

  t.equal((await post(`/xendit/invoices/${late.id}/pay`, { afterExpirey: true })).status, 400)
  const broken = await fetch(`${simulators.url}/xendit/invoices/${late.id}/pay`, { method: 'POST', body: '{"again":' })
  t.match(await broken.json(), { error_code: 'INVALID_BODY' })
  t.equal((await post('/xendit/invoices/unknown/pay')).status, 404)
  t.match(await (await post(`/xendit/invoices/${late.id}/settle`, { notify: false })).json(), { status: 'SETTLED' })
})

test('an invoice ends by itself when its time is over', async (t) => {
  let now = Date.parse('2026-11-20T10:00:00Z')
  const moved = await startTestSimulators({ clock: () => now })
  t.after(() => moved.stop())
  const mover = new InvoiceClient({ secretKey: testSecrets.xenditSecretKey, xenditURL: moved.xenditBaseUrl })
  const made = await mover.createInvoice({ data: order })
  now += 599_000
  t.equal((await mover.getInvoiceById({ invoiceId: made.id! })).status, 'PENDING')
  now += 1_000
  t.equal((await mover.getInvoiceById({ invoiceId: made.id! })).status, 'EXPIRED')
})

test('above the limit of a minute Xendit answers 429 with its headers', async (t) => {
  // A minute that does not end meanwhile.
  const now = Date.parse('2026-11-20T10:00:00Z')
  const strict = await startTestSimulators({ clock: () => now, xendit: { rateLimitPerMinute: 2 } })
  t.after(() => strict.stop())
  const hasty = new InvoiceClient({ secretKey: testSecrets.xenditSecretKey, xenditURL: strict.xenditBaseUrl })
  await hasty.getInvoices()
  await hasty.getInvoices()
  t.match(await failureOf(hasty.getInvoices()), { status: 429, errorCode: 'RATE_LIMIT_EXCEEDED' })
  await hasty.createInvoice({ data: order })
  const response = await fetch(`${strict.xenditBaseUrl}/v2/invoices`)
  t.equal(response.headers.get('rate-limit-limit'), '2')
  t.equal(response.headers.get('rate-limit-remaining'), '0')
  t.ok(Number(response.headers.get('rate-limit-reset')) > 0)
})

test('faults spoil the answers the way the world does', async (t) => {
  const { control } = simulators
  const create = () => client.createInvoice({ data: order })

  control.setFaults({ xendit: { api: { error: 500 } } })
  t.match(await failureOf(create()), { name: 'XenditSdkError', status: 500, errorCode: 'SERVER_ERROR' })

  control.setFaults({ xendit: { api: { error: 429, retryAfterSeconds: 7 } } })
  t.match(await failureOf(create()), { status: 429, errorCode: 'RATE_LIMIT_EXCEEDED' })
  t.equal((await fetch(`${simulators.xenditBaseUrl}/v2/invoices`)).headers.get('rate-limit-reset'), '7')

  control.setFaults({ xendit: { api: { error: 'html502' } } })
  t.match(await failureOf(create()), { message: /Body is unusable/ }, 'the known defect of xendit-node')

  control.setFaults({ xendit: { api: { error: 'reset' } } })
  t.match(await failureOf(create()), { message: 'fetch failed' })
  t.equal(control.xendit.invoices().length, 0, 'nothing of this took effect')

  control.setFaults({ xendit: { api: { error: 'garbage' } } })
  t.ok((await failureOf(create())) instanceof SyntaxError)
  control.setFaults({ xendit: { api: { error: 'truncate' } } })
  t.match(await failureOf(create()), { message: 'terminated' })
  t.equal(control.xendit.invoices().length, 2, 'the calls took effect, their answers were spoiled')
})

test('a call may hang, before or after it took effect', async (t) => {
  const { control } = simulators
  /** A call that arrives, has no answer for a moment, and is given up then: by the clock it might be given up before it arrives. */
  const giveUp = async () => {
    const leaving = new AbortController()
    const before = control.calls('xendit.create')
    const calling = new LeavingClient(simulators.xenditBaseUrl, leaving.signal).createInvoice({ data: order })
    const outcome = calling.then(() => 'answered', () => 'failed')
    await eventually(() => control.calls('xendit.create') > before, 'the call arrives')
    t.equal(await Promise.race([outcome, pause(200, 'nothing')]), 'nothing')
    leaving.abort()
    await t.rejects(calling, { name: 'AbortError' })
  }
  control.setFaults({ xendit: { api: { error: 'hang' } } })
  await giveUp()
  t.same(control.xendit.invoices('payment-1'), [])

  const found = async () => (await client.getInvoices({ externalId: 'payment-1' })).length
  control.setFaults({ xendit: { api: { error: 'hang', afterEffect: true, operations: ['create'] } } })
  await giveUp()
  t.equal(await found(), 1, 'the invoice exists, and is found by its external id')

  control.setFaults({ xendit: { api: { delayMs: 600_000, afterEffect: true, operations: ['create'] } } })
  await giveUp()
  t.equal(await found(), 2, 'this one as well')
})

test('a fault may be rare by seed, or pass after some calls', async (t) => {
  const { control } = simulators
  const outcomes = async () => {
    const seen: boolean[] = []
    for (let call = 0; call < 20; call += 1) seen.push(await client.getInvoices().then(() => true, () => false))
    return seen
  }
  control.setFaults({ seed: 42, xendit: { api: { error: 500, errorRate: 0.5 } } })
  const first = await outcomes()
  t.ok(first.includes(true) && first.includes(false))
  control.setFaults({ seed: 42, xendit: { api: { error: 500, errorRate: 0.5 } } })
  t.same(await outcomes(), first, 'the same seed, the same luck')
  control.setFaults({ xendit: { api: { error: 503, times: 3 } } })
  t.same((await outcomes()).indexOf(true), 3)
})

test('the checkout page works without a script', async (t) => {
  const shop = createServer((_request, response) => response.end('back in the shop')).listen(0, '127.0.0.1')
  await once(shop, 'listening')
  t.after(() => shop.close())
  const address = shop.address() as { port: number }
  const back = `http://127.0.0.1:${address.port}`
  const made = await client.createInvoice({
    data: { ...order, description: '<script>alert(1)</script>', successRedirectUrl: `${back}/ok?a=1&b=2` },
  })
  const page = await fetch(made.invoiceUrl)
  const text = await page.text()
  t.match(page.headers.get('content-type'), /text\/html/)
  t.match(text, /Rp\s25\.000/)
  t.match(text, `action="/checkout/${made.id}/pay"`)
  t.match(text, `action="/checkout/${made.id}/expire"`)
  t.notMatch(text, '<script')

  const paid = await fetch(`${made.invoiceUrl}/pay`, { method: 'POST', body: new URLSearchParams(), redirect: 'manual' })
  t.equal(paid.status, 303)
  t.equal(paid.headers.get('location'), `${back}/ok?a=1&b=2`)
  t.match(await (await fetch(made.invoiceUrl)).text(), /Paid \(PAID\)/)
  t.equal((await fetch(`${made.invoiceUrl}/pay`, { method: 'POST' })).status, 409)

  const other = await client.createInvoice({ data: order })
  const expired = await fetch(`${other.invoiceUrl}/expire`, { method: 'POST' })
  t.equal(expired.url, other.invoiceUrl, 'without a redirect URL the page shows the new state')
  t.match(await expired.text(), /Expired \(EXPIRED\)/)
  t.equal((await fetch(`${simulators.url}/checkout/${'0'.repeat(24)}`)).status, 404)
  t.equal((await fetch(`${simulators.url}/checkout/unknown/pay`, { method: 'POST' })).status, 404)
})
