import { randomUUID } from 'node:crypto'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startPayments, type PaymentsApp } from '../../testing/payments.ts'
import { testSecrets } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { account, sumAccount } from '../ledger/index.ts'
import { createInvoice, findInboxEvents, replayInboxEvent, type Payment } from './index.ts'

const PATH = '/webhooks/xendit/invoice'

async function send(url: string, body: string | Uint8Array | undefined, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url + PATH, { method: 'POST', headers: { 'x-callback-token': testSecrets.xenditWebhookToken, ...headers }, ...(body === undefined ? {} : { body }) })
  await response.arrayBuffer()
  return response.status
}

async function newPending(app: PaymentsApp): Promise<Payment> {
  return createInvoice(app.ctx, (await app.newPayment()).id)
}

/** What the provider would send, with whatever a forger changes. */
function event(payment: Payment, changes: Record<string, unknown> = {}): string {
  const paid = { status: 'PAID', paid_amount: payment.amountIdr, payment_method: 'BANK_TRANSFER', payment_channel: 'BCA' }
  return JSON.stringify({ id: payment.providerInvoiceId, external_id: payment.id, amount: payment.amountIdr, currency: 'IDR', ...paid, ...changes })
}

const credited = async (app: PaymentsApp) => -(await sumAccount(app.ctx.sql, account.providerClearing))

t.test('who does not know the token is refused, and nothing is stored', async (t) => {
  const app = await startPayments(t, { env: { XENDIT_WEBHOOK_TOKEN_PREVIOUS: 'the-token-before-this-one' } })
  const { url } = app.replicas[0]!
  for (const token of ['', 'wrong', testSecrets.xenditWebhookToken.slice(1), `${testSecrets.xenditWebhookToken} `.repeat(2)]) t.equal(await send(url, '{}', { 'x-callback-token': token }), 401)
  t.equal((await fetch(url + PATH, { method: 'POST', body: '{}' })).status, 401)
  t.equal((await fetch(url + PATH, { method: 'POST', body: 'x'.repeat(2_000_000), headers: { 'x-callback-token': 'wrong' } }).catch(() => ({ status: 401 }))).status, 401)
  t.same(await app.inbox(), [])
  t.equal(await send(url, '{"a":1}', { 'x-callback-token': 'the-token-before-this-one' }), 200, 'the token before is taken while they are changed')
})

t.test('whatever comes is stored word for word and parked when it means nothing', async (t) => {
  const app = await startPayments(t)
  const { url } = app.replicas[0]!
  const bodies = ['{"id":', '[]', 'null', '{"id":7}', '<xml/>', '{"id":"a","external_id":"nobody","status":"PAID"}', ' ']
  for (const [index, body] of bodies.entries()) t.equal(await send(url, body, index % 2 ? { 'content-type': 'application/xml' } : {}), 200, body)
  t.equal(await send(url, new Uint8Array([0, 255, 1, 0])), 200, 'bytes that are no text')
  t.equal(await send(url, undefined), 200, 'no body at all')
  t.equal(await send(url, JSON.stringify({ pad: 'x'.repeat(1024 * 1024 - 50) })), 200, 'a megabyte')
  t.equal(await send(url, 'x'.repeat(1024 * 1024 + 1)), 413)
  const stored = await app.query('select body from provider_inbox order by id')
  t.same(stored[0]!.body.toString(), bodies[0])
  t.same(stored[7]!.body, Buffer.from([0, 255, 1, 0]))
  await app.drainInbox()
  const rows = await app.inbox()
  t.ok(rows.every((row) => row.state === 'parked'))
  t.same(rows.map((row) => row.reason).filter((reason) => reason === 'unknown_order').length, 1)
  t.equal(await credited(app), 0)
})

t.test('nothing of the token or of other headers is kept', async (t) => {
  const app = await startPayments(t)
  await send(app.replicas[0]!.url, '{}', { 'webhook-id': 'w-1', authorization: 'Bearer secret', 'content-type': 'application/json' })
  const [row] = await app.query('select headers from provider_inbox')
  t.match(row!.headers, { 'webhook-id': 'w-1', 'content-type': 'application/json' })
  t.notMatch(JSON.stringify(row), /secret|simulated-callback/)
})

t.test('a payment is applied after its webhook, once', async (t) => {
  const app = await startPayments(t)
  const payment = await newPending(app)
  await app.xendit.pay(payment.providerInvoiceId!)
  t.match(app.xendit.webhooks(payment.providerInvoiceId!), [{ state: 'delivered' }])
  t.match(await app.inbox(), [{ state: 'received' }], 'answered before it is looked into')
  t.equal(app.replicas[0]!.enqueued.filter((one) => one.startsWith('inbox')).length, 1)
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'applied', reason: null, payment_id: payment.id }])
  t.equal(await app.stateOf(payment.id), 'paid')
  t.equal(await sumAccount(app.ctx.sql, account.escrow(payment.sessionId)), 25_000)
  const calls = app.simulators.control.calls('xendit.get')
  await app.xendit.settle(payment.providerInvoiceId!)
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'applied' }, { state: 'applied', reason: 'already_posted' }])
  t.equal(app.simulators.control.calls('xendit.get'), calls, 'what is posted is not asked about again')
  t.equal(await credited(app), 25_000)
})

t.test('no proof, no credit', async (t) => {
  const app = await startPayments(t)
  const { url } = app.replicas[0]!
  const cases: [what: string, changes: (payment: Payment) => Record<string, unknown>, reason: string][] = [
    ['forged, and the provider says pending', () => ({}), 'not_confirmed'],
    ['the amount is one more', (payment) => ({ amount: payment.amountIdr + 1, paid_amount: payment.amountIdr + 1 }), 'amount_mismatch'],
    ['no amount', () => ({ amount: undefined }), 'amount_mismatch'],
    ['another currency', () => ({ currency: 'USD' }), 'currency_mismatch'],
    ['an unknown order', () => ({ external_id: randomUUID() }), 'unknown_order'],
    ['an order that is no id', () => ({ external_id: "' or 1=1 --" }), 'unknown_order'],
    ['an invoice that does not exist', () => ({ id: 'f00000000000000000000000' }), 'not_confirmed'],
  ]
  for (const [what, changes, reason] of cases) {
    const payment = await newPending(app)
    t.equal(await send(url, event(payment, changes(payment))), 200)
    await app.drainInbox()
    t.match((await app.inbox()).at(-1), { state: 'parked', reason }, what)
    t.equal(await app.stateOf(payment.id), 'pending')
  }
  const [mine, others] = [await newPending(app), await newPending(app)]
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.xendit.pay(others.providerInvoiceId!)
  await send(url, event(mine, { id: others.providerInvoiceId }))
  await app.drainInbox()
  t.match((await app.inbox()).at(-1), { state: 'parked', reason: 'not_confirmed' }, 'another order’s paid invoice')
  await app.xendit.pay(mine.providerInvoiceId!)
  await send(url, event(mine, { paid_amount: mine.amountIdr + 1 }))
  await app.drainInbox()
  t.match((await app.inbox()).at(-1), { state: 'parked', reason: 'amount_mismatch' }, 'paid, but the body lies about how much')
  t.equal(await credited(app), 0)
  const parked = await findInboxEvents(app.ctx.sql, { state: 'parked', limit: 5 })
  t.equal(parked.items.length, 5)
  t.match(parked.items[0], { reason: 'amount_mismatch', paymentId: mine.id, claims: { status: 'PAID', paidIdr: 25_001 } }, 'staff see what it claims')
  t.equal((await findInboxEvents(app.ctx.sql, { state: 'parked', limit: 5, cursor: parked.nextCursor! })).items.length, 4)
})

t.test('staff have a parked event judged again: 0 → 1 credit, however often', async (t) => {
  const app = await startPayments(t)
  const payment = await newPending(app)
  await send(app.replicas[0]!.url, event(payment))
  await app.drainInbox()
  const { id } = (await app.inbox())[0]!
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.xendit.pay(payment.providerInvoiceId!)
  const replay = () => transact(app.ctx, (tx) => replayInboxEvent(tx, id))
  t.equal((await Promise.all([replay(), replay()])).filter(Boolean).length, 1, 'two at once: one replays')
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'applied', reason: null }])
  t.equal(await replay(), false, 'what is applied is not replayed')
  t.equal(await credited(app), 25_000)
})

t.test('less than was asked goes to suspense and is parked, also when replayed', async (t) => {
  const app = await startPayments(t)
  const payment = await newPending(app)
  await app.xendit.pay(payment.providerInvoiceId!, { amount: 20_000 })
  await app.drainInbox()
  const [row] = await app.inbox()
  t.match(row, { state: 'parked', reason: 'underpaid', payment_id: payment.id })
  t.equal(await app.stateOf(payment.id), 'pending')
  await transact(app.ctx, (tx) => replayInboxEvent(tx, row!.id))
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'parked', reason: 'underpaid' }])
  t.equal(await sumAccount(app.ctx.sql, account.suspense(row!.id)), 20_000)
  t.equal(await credited(app), 20_000)
})

t.test('more than was asked is applied with what really came', async (t) => {
  const app = await startPayments(t)
  const payment = await newPending(app)
  await app.xendit.pay(payment.providerInvoiceId!, { amount: 30_000 })
  await app.drainInbox()
  t.equal(await credited(app), 30_000)
  t.equal(await app.stateOf(payment.id), 'paid')
})

t.test('late money is applied: expired → paid, failed → paid', async (t) => {
  const app = await startPayments(t)
  const payment = await newPending(app)
  await app.xendit.expire(payment.providerInvoiceId!)
  await app.drainInbox()
  t.equal(await app.stateOf(payment.id), 'expired')
  await app.xendit.pay(payment.providerInvoiceId!, { afterExpiry: true })
  await app.drainInbox()
  t.equal(await app.stateOf(payment.id), 'paid')
  await app.xendit.expire(payment.providerInvoiceId!).catch(() => undefined)
  t.equal(await send(app.replicas[0]!.url, event(payment, { status: 'EXPIRED' })), 200)
  await app.drainInbox()
  t.equal(await app.stateOf(payment.id), 'paid', 'paid is never left')
})

t.test('a webhook may be quicker than the answer to our own creation', async (t) => {
  const app = await startPayments(t)
  const { id } = await app.newPayment()
  app.simulators.control.setFaults({ xendit: { api: { error: 'reset', afterEffect: true, operations: ['create'], times: 1 } } })
  await createInvoice(app.ctx, id)
  const [invoice] = app.xendit.invoices(id)
  await app.xendit.pay(invoice!.id)
  await app.drainInbox()
  t.equal(await app.stateOf(id), 'paid')
  t.match(await createInvoice(app.ctx, id), { state: 'paid', providerInvoiceId: invoice!.id })
  t.equal(app.xendit.invoices(id).length, 1)
})

t.test('a second invoice of the same payment that is paid too is money of its own', async (t) => {
  const app = await startPayments(t)
  const payment = await newPending(app)
  const second = await app.ctx.gateways.payments.createInvoice({
    externalId: payment.id, amountIdr: payment.amountIdr, durationSeconds: 600, description: '', successUrl: 'http://127.0.0.1/', failureUrl: 'http://127.0.0.1/',
  })
  await app.xendit.pay(payment.providerInvoiceId!)
  await app.xendit.pay(second.id)
  await app.drainInbox()
  t.ok((await app.inbox()).every((row) => row.state === 'applied'))
  t.equal(await credited(app), 50_000)
})

t.test('two hundred copies, fifty at once, on two replicas: one posting, all 200', async (t) => {
  const app = await startPayments(t, { replicas: 2, eager: true })
  const payment = await newPending(app)
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.xendit.pay(payment.providerInvoiceId!)
  const body = event(payment)
  const statuses: number[] = []
  let sent = 0
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (sent < 200) statuses.push(await send(app.replicas[sent++ % 2]!.url, body))
  }))
  t.equal(statuses.filter((status) => status === 200).length, 200)
  await eventually(async () => (await app.stateOf(payment.id)) === 'paid', 'the payment is paid')
  await eventually(async () => (await app.inbox()).every((row) => row.state === 'applied'), 'every event is applied')
  t.match(await app.inbox(), [{ received_count: 200, state: 'applied' }])
  t.equal(await credited(app), 25_000)
  t.equal(app.simulators.control.calls('xendit.get'), 1, 'the storm did not eat the budget of calls')
})

t.test('different events of one payment at once, on two replicas: one posting', async (t) => {
  const app = await startPayments(t, { replicas: 2, eager: true })
  const payment = await newPending(app)
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.xendit.pay(payment.providerInvoiceId!)
  const statuses = await Promise.all(Array.from({ length: 20 }, (_, index) => send(app.replicas[index % 2]!.url, event(payment, { updated: index, status: index % 2 ? 'PAID' : 'SETTLED' }))))
  t.ok(statuses.every((status) => status === 200))
  await eventually(async () => (await app.inbox()).every((row) => row.state === 'applied'), 'every event is applied')
  t.equal(await credited(app), 25_000)
})

t.test('pending, paid and expired, each twice, in every order: one final state', async (t) => {
  const app = await startPayments(t)
  const orders = permutations(['PENDING', 'PENDING', 'PAID', 'PAID', 'EXPIRED', 'EXPIRED'])
  t.equal(orders.length, 90)
  const customerId = await app.newCustomer()
  const payments = await Promise.all(orders.map(async () => createInvoice(app.ctx, (await app.newPayment({ customerId })).id)))
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  // A third was never paid (its PAID is forged), a third was paid, a third was paid after it had expired.
  for (const [index, payment] of payments.entries()) {
    if (index % 3 !== 1) await app.xendit.expire(payment.providerInvoiceId!)
    if (index % 3 !== 0) await app.xendit.pay(payment.providerInvoiceId!, { afterExpiry: true })
  }
  for (let step = 0; step < 6; step++) {
    await Promise.all(payments.map((payment, index) => send(app.replicas[0]!.url, event(payment, { status: orders[index]![step], updated: step }))))
    await app.drainInbox()
  }
  for (const [index, payment] of payments.entries()) {
    t.equal(await app.stateOf(payment.id), index % 3 === 0 ? 'expired' : 'paid', `${orders[index]!.join(' ')} (${index % 3})`)
  }
  t.equal(await credited(app), 60 * 25_000)
})

function permutations(items: readonly string[]): string[][] {
  if (items.length === 0) return [[]]
  return [...new Set(items)].flatMap((first) => permutations(items.toSpliced(items.indexOf(first), 1)).map((rest) => [first, ...rest]))
}
