import t from 'tap'
import { call } from '../../testing/http.ts'
import { hasty, smallestHooks, startPayments, type PaymentsApp } from '../../testing/payments.ts'
import { eventually } from '../../testing/wait.ts'
import { callBudget, createCallBudget } from './call-budget.ts'
import { askProvider, createInvoice, sweepAsks } from './index.ts'

const reads = (app: PaymentsApp) => app.simulators.control.calls('xendit.get')
const show = (app: PaymentsApp, id: string, token: string, replica = 0) => call(app.replicas[replica]!.url, 'GET', `/api/v1/payments/${id}`, { token })

/** A provider whose webhooks all get lost: only asking helps. Time goes on only where the test moves it. */
async function startDeaf(t: Parameters<typeof startPayments>[0], options: Parameters<typeof startPayments>[1] = {}) {
  const app = await startPayments(t, options)
  await app.db.clock.stop()
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  return { app, payment: await createInvoice(app.ctx, (await app.newPayment({ holdSeconds: 1200 })).id) }
}

t.test('the provider is asked at 30 s, 60 s, 2, 4 and 8 min, and then no more', async (t) => {
  const { app } = await startDeaf(t, { replicas: 2 })
  const askedAt: number[] = []
  for (let second = 0; second <= 1000; second += 10) {
    const before = reads(app)
    await Promise.all(app.replicas.map(({ ctx }) => sweepAsks(ctx, smallestHooks)))
    if (reads(app) > before) askedAt.push(second)
    if (second < 1000) await app.advance(10)
  }
  t.same(askedAt.length, 5)
  t.equal(reads(app), 5, 'two replicas ask once')
  t.ok([30, 60, 120, 240, 480].every((due, index) => askedAt[index]! >= due && askedAt[index]! <= due + 10), askedAt.join())
})

t.test('money whose webhook got lost is found by asking', async (t) => {
  const { app, payment } = await startDeaf(t)
  await app.xendit.pay(payment.providerInvoiceId!)
  await app.advance(31)
  await sweepAsks(app.ctx, smallestHooks)
  t.equal(await app.stateOf(payment.id), 'paid')
  await app.advance(600)
  t.equal(await sweepAsks(app.ctx, smallestHooks), 0, 'paid is not asked about')
})

t.test('an invoice that ended unpaid is told', async (t) => {
  const { app, payment } = await startDeaf(t)
  await app.xendit.expire(payment.providerInvoiceId!)
  await app.advance(31)
  await sweepAsks(app.ctx, smallestHooks)
  t.equal(await app.stateOf(payment.id), 'expired')
})

t.test('an ask without an answer, or whose answer could not be applied, is made again', async (t) => {
  const { app, payment } = await startDeaf(t)
  await app.xendit.pay(payment.providerInvoiceId!)
  await app.advance(31)
  app.simulators.control.setFaults({ xendit: { api: { error: 'hang', operations: ['get'] } } })
  await sweepAsks(hasty(app.ctx), smallestHooks)
  t.equal(await sweepAsks(app.ctx, smallestHooks), 0)
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.advance(10)
  t.equal(await sweepAsks(app.ctx, { ...smallestHooks, apply: () => Promise.reject(new Error('our fault')) }), 1)
  t.equal(await app.stateOf(payment.id), 'pending')
  await app.advance(10)
  await sweepAsks(app.ctx, smallestHooks)
  t.equal(await app.stateOf(payment.id), 'paid')
})

t.test('asks beyond the budget stay due', async (t) => {
  const { app } = await startDeaf(t, { settings: { providerCallsPerMinute: 5 } })
  for (let index = 0; index < 3; index++) await createInvoice(app.ctx, (await app.newPayment()).id)
  await app.advance(31)
  t.equal(await sweepAsks(app.ctx, smallestHooks), 1, 'four creations left one call')
  t.equal(await sweepAsks(app.ctx, smallestHooks), 0)
  app.ctx.settings.load({ providerCallsPerMinute: 100 })
  t.equal(await sweepAsks(app.ctx, smallestHooks), 3)
})

t.test('what can’t be claimed spends no calls: after Postgres was away they are all there', async (t) => {
  const app = await startPayments(t, { settings: { providerCallsPerMinute: 5 } })
  const { id } = await app.newPayment()
  await app.query('alter table payments rename to payments_away')
  for (let n = 0; n < 3; n++) {
    await t.rejects(sweepAsks(app.ctx, smallestHooks))
    await t.rejects(askProvider(app.ctx, id))
  }
  await app.query('alter table payments_away rename to payments')
  t.equal(callBudget(app.ctx).take(5), 5)
})

t.test('at most every five seconds a payment, whoever asks', async (t) => {
  const { app, payment } = await startDeaf(t, { replicas: 2 })
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => askProvider(app.replicas[index % 2]!.ctx, payment.id)))
  t.equal(answers.filter(Boolean).length, 1)
  await app.advance(4)
  t.equal(await askProvider(app.ctx, payment.id), undefined)
  await app.advance(1)
  t.match(await askProvider(app.ctx, payment.id), { status: 'pending' })
  t.equal(reads(app), 2)
})

t.test('GET /payments/:id asks, applies what it learns and shows it', async (t) => {
  const { app, payment } = await startDeaf(t)
  const first = await show(app, payment.id, payment.customerId)
  t.equal(first.status, 200)
  t.same(first.body, { payment: {
    id: payment.id, state: 'pending', amountIdr: 25_000, walletIdr: 0, checkoutUrl: payment.checkoutUrl, expiresAt: payment.expiresAt.toISOString(),
  } })
  await app.xendit.pay(payment.providerInvoiceId!)
  t.equal((await show(app, payment.id, payment.customerId)).body.payment.state, 'pending', 'asked a moment ago')
  await app.advance(5)
  // Who asks waits some seconds for the provider; what comes later is shown later.
  const paid = await eventually(async () => {
    const shown = await show(app, payment.id, payment.customerId)
    return shown.body.payment.state === 'paid' ? shown : undefined
  }, 'it is shown as paid')
  t.equal(paid.body.payment.checkoutUrl, undefined)
  t.equal(reads(app), 2)
})

t.test('somebody else’s payment and one that does not exist look the same', async (t) => {
  const { app, payment } = await startDeaf(t)
  const stranger = await app.newCustomer()
  t.equal((await show(app, payment.id, stranger)).status, 404)
  t.equal((await show(app, stranger, stranger)).status, 404)
  t.equal((await show(app, 'not-an-id', stranger)).status, 400)
  t.equal((await call(app.replicas[0]!.url, 'GET', `/api/v1/payments/${payment.id}`)).status, 401)
  t.equal(reads(app), 0)
})

t.test('a provider that hangs does not hold the customer up', async (t) => {
  const { app, payment } = await startDeaf(t)
  app.simulators.control.setFaults({ xendit: { api: { error: 'hang', operations: ['get'] } } })
  const startedAt = performance.now()
  t.equal((await show(app, payment.id, payment.customerId)).status, 200)
  t.ok(performance.now() - startedAt < 30_000, 'long before the call is given up')
})

t.test('the page a payer comes back to leads to the app, claims nothing, and has the provider asked', async (t) => {
  const { app, payment } = await startDeaf(t)
  await app.xendit.pay(payment.providerInvoiceId!)
  for (const result of ['success', 'failure']) {
    const page = await call(app.replicas[0]!.url, 'GET', `/payment/return/${result}?payment=${payment.id}&utm=%3Cscript%3E`)
    t.equal(page.status, 200)
    t.match(page.headers, { 'content-type': /text\/html/, 'content-security-policy': /default-src 'none'/ })
    t.match(page.text, `content="0; url=halobestie://payment?payment=${payment.id}&#38;result=${result}"`)
    t.notMatch(page.text, /<script|paid|lunas|berhasil|success!/i)
  }
  await eventually(async () => (await app.stateOf(payment.id)) === 'paid', 'the payment is paid')
  t.equal(reads(app), 1)
  for (const query of ['', '?payment=%22%3E%3Cscript%3E', '?payment=7', '?payment=a&payment=b']) {
    const page = await call(app.replicas[0]!.url, 'GET', `/payment/return/success${query}`)
    t.equal(page.status, 200)
    t.notMatch(page.text, /<script|payment=/)
  }
  t.equal((await call(app.replicas[0]!.url, 'GET', '/payment/return/other')).status, 404)
})

t.test('the budget is a sliding minute', async (t) => {
  let nowMs = 0
  const budget = createCallBudget(() => 3, () => nowMs)
  t.equal(budget.take(2), 2)
  nowMs = 30_000
  t.equal(budget.take(5), 1)
  t.equal(budget.take(1), 0)
  t.equal(await budget.keepFor(2, Promise.resolve('one'), () => 1), 'one')
  t.equal(budget.take(2), 1, 'what was not used is there again')
  await t.rejects(budget.keepFor(1, Promise.reject(new Error('away')), () => 1), /away/)
  t.equal(budget.take(2), 1, 'as is what could not be used')
  nowMs = 60_001
  t.equal(budget.take(5), 2)
  t.equal(await budget.wait(0), false)
  const waiting = budget.wait(60_000)
  nowMs = 90_001
  t.equal(await waiting, true)
  const larger = createCallBudget(() => 20, () => nowMs)
  t.equal(await larger.takePatiently(100, 0), 15, 'a quarter is left to what can’t wait')
  t.equal(await larger.takePatiently(1, 0), 0)
  t.equal(larger.take(100), 5)
  const patient = larger.takePatiently(3, 60_000)
  nowMs += 60_001
  t.equal(await patient, 3)
})

t.test('test keys have sixty calls a minute, save with a simulator on this machine', async (t) => {
  const { app } = await startDeaf(t)
  const budgetWith = (env: Partial<typeof app.ctx.env>) => callBudget({ ...app.ctx, env: { ...app.ctx.env, ...env }, gateways: { ...app.ctx.gateways, payments: { ...app.ctx.gateways.payments } } })
  t.equal(budgetWith({}).take(1000), 600)
  t.equal(budgetWith({ APP_ENV: 'staging', XENDIT_BASE_URL: 'https://api.xendit.co' }).take(1000), 60)
  t.equal(budgetWith({ XENDIT_BASE_URL: 'https://api.xendit.co' }).take(1000), 60)
  t.equal(budgetWith({ APP_ENV: 'production', XENDIT_BASE_URL: 'https://api.xendit.co', XENDIT_SECRET_KEY: 'xnd_production_key' }).take(1000), 600)
})
