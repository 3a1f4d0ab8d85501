import { createServer, type IncomingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { PATIENCE_MS } from '../wait.ts'
import { startTestSimulators, testSecrets, type Invoice, type Simulators } from './index.ts'

interface Received {
  headers: IncomingHttpHeaders
  body: Record<string, unknown>
  url: string
}

/** A shop's webhook address that answers with these statuses in turn, the last one for ever. */
async function openShop(t: Test, statuses: (number | 'never')[] = [200]) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const status = statuses[Math.min(received.length, statuses.length - 1)]!
      received.push({ headers: request.headers, body: body as Received['body'], url: request.url! })
      server.emit('received')
      if (status !== 'never') response.writeHead(status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const url = `http://127.0.0.1:${port}/webhooks/xendit/invoice`
  return {
    url,
    received,
    async until(count: number) {
      while (received.length < count) await once(server, 'received', { signal: AbortSignal.timeout(60_000) })
      return received
    },
  }
}

async function open(t: Test, options: Parameters<typeof startTestSimulators>[0] = {}) {
  // The payer is answered when the shop was told, however long a busy machine takes for it.
  const simulators = await startTestSimulators({ ...options, xendit: { patienceMs: PATIENCE_MS, ...options.xendit } })
  t.after(() => simulators.stop())
  return simulators
}

async function invoice(simulators: Simulators, externalId = 'payment-1', duration = 600): Promise<Invoice> {
  const response = await fetch(`${simulators.xenditBaseUrl}/v2/invoices/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${btoa(`${testSecrets.xenditSecretKey}:`)}`,
    },
    body: JSON.stringify({ external_id: externalId, amount: 25_000, invoice_duration: duration }),
  })
  return response.json() as Promise<Invoice>
}

t.test('paying sends the flat callback with the token, before the payer is answered', async (t) => {
  const shop = await openShop(t)
  const simulators = await open(t, { xendit: { webhookUrl: shop.url } })
  const made = await invoice(simulators)
  await fetch(`${simulators.url}/xendit/invoices/${made.id}/pay`, { method: 'POST' })
  t.equal(shop.received.length, 1)
  t.match(shop.received[0], {
    url: '/webhooks/xendit/invoice',
    headers: { 'x-callback-token': testSecrets.xenditWebhookToken, 'webhook-id': /^[0-9a-f-]{36}$/ },
    body: {
      id: made.id,
      external_id: 'payment-1',
      status: 'PAID',
      amount: 25_000,
      paid_amount: 25_000,
      currency: 'IDR',
      payment_method: 'BANK_TRANSFER',
      payment_channel: 'BCA',
      bank_code: 'BCA',
      payment_id: String,
      paid_at: String,
    },
  })
  t.match(simulators.control.xendit.webhooks(made.id), [{ state: 'delivered', attempts: [{ status: 200 }] }])
})

t.test('an invoice that expires, by call or by itself, is called back once', async (t) => {
  const shop = await openShop(t)
  const simulators = await open(t, { xendit: { webhookUrl: shop.url } })
  const called = await invoice(simulators)
  const authorization = `Basic ${btoa(`${testSecrets.xenditSecretKey}:`)}`
  const expire = () =>
    fetch(`${simulators.xenditBaseUrl}/invoices/${called.id}/expire!`, { method: 'POST', headers: { authorization } })
  await expire()
  await expire()
  await shop.until(1)
  const timed = await invoice(simulators, 'payment-2', 1)
  await shop.until(2)
  t.match(shop.received, [
    { body: { id: called.id, status: 'EXPIRED' } },
    { body: { id: timed.id, status: 'EXPIRED' } },
  ])
  t.notOk('paid_amount' in shop.received[1]!.body)
})

t.test('what is not acknowledged comes again with the same id, until it is', async (t) => {
  const shop = await openShop(t, [500, 302, 200])
  const simulators = await open(t, { xendit: { webhookUrl: shop.url, retryScale: 0.00002 } })
  const made = await invoice(simulators)
  await simulators.control.xendit.pay(made.id)
  const received = await shop.until(3)
  t.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 1)
  t.same(received[1]?.body, received[0]?.body)
})

t.test('after the last retry Xendit gives up, and resends when asked', async (t) => {
  const shop = await openShop(t, [500, 500, 500, 500, 500, 500, 500, 200])
  const simulators = await open(t, { xendit: { webhookUrl: shop.url, retryScale: 0.000001 } })
  const made = await invoice(simulators)
  await simulators.control.xendit.pay(made.id)
  await shop.until(7)
  const [event] = simulators.control.xendit.webhooks()
  const gaveUp = () => event?.state === 'failed'
  while (!gaveUp()) await new Promise(setImmediate)
  t.equal(event?.attempts.length, 7)
  await fetch(`${simulators.url}/xendit/webhooks/${event?.id}/resend`, { method: 'POST' })
  t.equal(shop.received.length, 8)
  t.match(simulators.control.xendit.webhooks(), [{ state: 'delivered' }])
  t.equal((await fetch(`${simulators.url}/xendit/webhooks/unknown/resend`, { method: 'POST' })).status, 404)
})

t.test('an address that never answers counts as a failure after its time', async (t) => {
  const shop = await openShop(t, ['never', 200])
  const simulators = await open(t, {
    xendit: { webhookUrl: shop.url, retryScale: 0.00001, webhookTimeoutMs: 500 },
  })
  const made = await invoice(simulators)
  await simulators.control.xendit.pay(made.id)
  await shop.until(2)
  t.match(simulators.control.xendit.webhooks(), [{ attempts: [{ error: /timeout/i }, {}] }])
})

t.test('webhooks can be doubled, delayed, reordered and lost', async (t) => {
  const shop = await openShop(t)
  const simulators = await open(t, { xendit: { webhookUrl: shop.url } })
  const { control } = simulators
  const pay = async (id: string) => control.xendit.pay((await invoice(simulators, id)).id)

  control.setFaults({ xendit: { webhooks: { duplicate: 4 } } })
  await pay('doubled')
  await shop.until(5)
  t.equal(new Set(shop.received.map(({ headers }) => headers['webhook-id'])).size, 1)

  control.setFaults({ xendit: { webhooks: { delayMs: { min: 100, max: 150 } } } })
  const before = performance.now()
  await pay('delayed')
  t.equal(shop.received.length, 5, 'the payer does not wait for it')
  await shop.until(6)
  t.ok(performance.now() - before >= 95)

  control.setFaults({ seed: 7, xendit: { webhooks: { reorder: true } } })
  const sent = ['first', 'second', 'third', 'fourth']
  const invoices = await Promise.all(sent.map((id) => invoice(simulators, id)))
  await Promise.all(invoices.map(({ id }) => control.xendit.pay(id)))
  await shop.until(10)
  const came = shop.received.slice(6).map(({ body }) => String(body['external_id']))
  t.same(came.toSorted(), sent.toSorted())
  t.notSame(came, sent)

  control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  const lost = await pay('lost')
  t.match(control.xendit.webhooks(lost.id), [{ state: 'lost', attempts: [] }])
  control.resetFaults()
  await control.xendit.resendWebhook(control.xendit.webhooks(lost.id)[0]!.id)
  t.match(shop.received.at(-1), { body: { external_id: 'lost' } })
})

t.test('a reset forgets what still waits to be sent', async (t) => {
  const shop = await openShop(t, [500, 200])
  const simulators = await open(t, { xendit: { webhookUrl: shop.url, retryScale: 0.0011 } })
  const { control } = simulators
  await control.xendit.pay((await invoice(simulators, 'to be retried')).id)
  // Both would come within a second or so, and what follows the reset later.
  control.setFaults({ xendit: { webhooks: { delayMs: 1000 } } })
  await control.xendit.pay((await invoice(simulators, 'delayed')).id)
  control.reset()
  t.same(control.xendit.webhooks(), [])
  control.setFaults({ xendit: { webhooks: { delayMs: 2000 } } })
  await control.xendit.pay((await invoice(simulators, 'after the reset')).id)
  await shop.until(2)
  t.same(shop.received.map(({ body }) => body['external_id']), ['to be retried', 'after the reset'])
})

t.test('a share of the webhooks is lost by seed', async (t) => {
  const shop = await openShop(t)
  const simulators = await open(t, { xendit: { webhookUrl: shop.url } })
  simulators.control.setFaults({ seed: 3, xendit: { webhooks: { drop: 0.3 } } })
  for (let number = 0; number < 60; number += 1) {
    await simulators.control.xendit.pay((await invoice(simulators, `payment-${number}`)).id)
  }
  const lost = simulators.control.xendit.webhooks().filter((event) => event.state === 'lost').length
  t.ok(lost > 6 && lost < 30, `${lost} of 60 lost`)
  t.equal((await shop.until(60 - lost)).length, 60 - lost)
})

t.test('webhooks can be forged, which the provider does not confirm', async (t) => {
  const shop = await openShop(t)
  const simulators = await open(t, { xendit: { webhookUrl: shop.url } })
  const made = await invoice(simulators)
  simulators.control.setFaults({
    xendit: { webhooks: { forge: { callbackToken: 'guessed', paidAmountDelta: 1, currency: 'USD' } } },
  })
  await simulators.control.xendit.pay(made.id)
  t.match(shop.received[0], {
    headers: { 'x-callback-token': 'guessed' },
    body: { paid_amount: 25_001, amount: 25_000, currency: 'USD' },
  })
  t.match(simulators.control.xendit.invoice(made.id), { paid_amount: 25_000, currency: 'IDR' })

  const response = await fetch(`${simulators.url}/xendit/webhooks`, {
    method: 'POST',
    body: JSON.stringify({ body: { id: 'x', status: 'PAID' }, token: 'mine', webhookId: 'w-1' }),
  })
  t.equal(response.status, 200)
  t.match(shop.received[1], {
    headers: { 'x-callback-token': 'mine', 'webhook-id': 'w-1' },
    body: { id: 'x', status: 'PAID' },
  })
})

t.test('addresses can be set later, and several take turns', async (t) => {
  const shops = [await openShop(t), await openShop(t)]
  const simulators = await open(t)
  const early = await invoice(simulators)
  await simulators.control.xendit.pay(early.id)
  t.match(simulators.control.xendit.webhooks(early.id), [{ state: 'unaddressed' }])
  await fetch(`${simulators.url}/xendit/webhook-urls`, {
    method: 'PUT',
    body: JSON.stringify({ urls: shops.map((shop) => shop.url) }),
  })
  for (const id of ['a', 'b', 'c', 'd']) await simulators.control.xendit.pay((await invoice(simulators, id)).id)
  await Promise.all(shops.map((shop) => shop.until(2)))
  t.same(shops.map((shop) => shop.received.length), [2, 2])
})

t.test('a second payment and a settlement are called back as events of their own', async (t) => {
  const shop = await openShop(t)
  const simulators = await open(t, { xendit: { webhookUrl: shop.url } })
  const made = await invoice(simulators)
  await simulators.control.xendit.pay(made.id)
  await simulators.control.xendit.pay(made.id, { again: true })
  await simulators.control.xendit.settle(made.id)
  t.same(shop.received.map(({ body }) => body['status']), ['PAID', 'PAID', 'SETTLED'])
  t.equal(new Set(shop.received.map(({ headers }) => headers['webhook-id'])).size, 3)
  t.not(shop.received[0]?.body['payment_id'], shop.received[1]?.body['payment_id'])
})
