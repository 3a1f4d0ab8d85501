import t from 'tap'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { runOutboxRow, sweepOutbox } from '../../platform/outbox.ts'
import { hasty, smallestHooks, startPayments, type PaymentsApp } from '../../testing/payments.ts'
import { closePayment, createInvoice, createPayment, expireInvoice, findPayment, findUncreated, markFailed, paymentReactions, sweepAsks } from './index.ts'

const invoicesOf = (app: PaymentsApp, paymentId: string) => app.xendit.invoices(paymentId)

/** The same context, whose provider has answered this call and whose answer arrives only when it is let through. */
function holding(ctx: Ctx, operation: 'createInvoice' | 'findInvoiceByExternalId') {
  const [answered, mayArrive] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { payments } = ctx.gateways
  const held = async (wanted: never) => {
    const answer = await payments[operation](wanted)
    answered.resolve()
    await mayArrive.promise
    return answer
  }
  return { ctx: { ...ctx, gateways: { ...ctx.gateways, payments: { ...payments, [operation]: held } } }, answered: answered.promise, letThrough: mayArrive.resolve }
}

t.test('a payment gets its invoice: our id, what is left of the hold, where the payer comes back to', async (t) => {
  const app = await startPayments(t)
  const payment = await app.newPayment({ amountIdr: 45_000, holdSeconds: 300 })
  t.match(payment, { state: 'creating', amountIdr: 45_000, providerInvoiceId: null })
  const pending = await createInvoice(app.ctx, payment.id)
  const [invoice] = invoicesOf(app, payment.id)
  t.match(pending, { state: 'pending', providerInvoiceId: invoice!.id, checkoutUrl: invoice!.invoice_url })
  t.match(invoice, { external_id: payment.id, amount: 45_000, currency: 'IDR', success_redirect_url: `http://127.0.0.1/payment/return/success?payment=${payment.id}` })
  const livesSeconds = (Date.parse(invoice!.expiry_date) - Date.parse(invoice!.created)) / 1000
  t.ok(livesSeconds > 200 && livesSeconds <= 300, `the invoice lives ${livesSeconds} s`)
  t.equal((pending.askAt!.getTime() - pending.pendingAt!.getTime()) / 1000, 30, 'the first ask is due by the schedule')
})

t.test('twenty at once on two replicas make one invoice', async (t) => {
  const app = await startPayments(t, { replicas: 2 })
  const { id } = await app.newPayment()
  await Promise.all(Array.from({ length: 20 }, (_, index) => createInvoice(app.replicas[index % 2]!.ctx, id)))
  t.equal(invoicesOf(app, id).length, 1)
  t.equal(app.simulators.control.calls('xendit.create'), 1)
  t.equal(await app.stateOf(id), 'pending')
})

/** Longer than a machine stands still: what is given up after it has arrived at the provider. */
const ARRIVED_MS = 5000

for (const error of ['hang', 'html502', 'garbage', 'truncate', 'reset', 500] as const) {
  t.test(`an uncertain answer (${error}) never makes two invoices`, async (t) => {
    const app = await startPayments(t)
    const { id } = await app.newPayment()
    const fail = (api: object) => app.simulators.control.setFaults({ xendit: { api: { error, ...api } } })
    fail({ afterEffect: true, operations: ['create'] })
    t.equal((await createInvoice(error === 'hang' ? hasty(app.ctx, ARRIVED_MS) : app.ctx, id)).state, 'creating')
    t.equal(invoicesOf(app, id).length, 1, 'the provider made it all the same')
    fail({ operations: ['list'] })
    t.equal((await createInvoice(error === 'hang' ? hasty(app.ctx) : app.ctx, id)).state, 'creating', 'nobody knows yet, so nothing is made')
    t.equal(invoicesOf(app, id).length, 1)
    app.simulators.control.resetFaults()
    t.match(await createInvoice(app.ctx, id), { state: 'pending', providerInvoiceId: invoicesOf(app, id)[0]!.id })
    t.equal(app.simulators.control.calls('xendit.create'), 1)
  })
}

t.test('an invoice that the provider did not make is made by the next try', async (t) => {
  const app = await startPayments(t)
  const { id } = await app.newPayment()
  app.simulators.control.setFaults({ xendit: { api: { error: 'reset', operations: ['create'], times: 1 } } })
  t.equal((await createInvoice(app.ctx, id)).state, 'creating')
  t.equal((await createInvoice(app.ctx, id)).state, 'pending')
  t.equal(invoicesOf(app, id).length, 1)
})

t.test('one that was paid before we heard of it is taken and asked about at once', async (t) => {
  const app = await startPayments(t)
  const { id } = await app.newPayment()
  app.simulators.control.setFaults({ xendit: { api: { error: 'reset', afterEffect: true, operations: ['create'], times: 1 }, webhooks: { drop: 1 } } })
  await createInvoice(app.ctx, id)
  await app.xendit.pay(invoicesOf(app, id)[0]!.id)
  t.equal((await createInvoice(app.ctx, id)).state, 'pending')
  t.equal(await sweepAsks(app.ctx, smallestHooks), 1)
  t.equal(await app.stateOf(id), 'paid')
})

t.test('one who was stopped and goes on later makes no second invoice', async (t) => {
  const app = await startPayments(t, { replicas: 2 })
  const { id } = await app.newPayment()
  app.simulators.control.setFaults({ xendit: { api: { error: 503, operations: ['create'], times: 1 } } })
  await createInvoice(app.ctx, id)
  const late = holding(app.ctx, 'findInvoiceByExternalId')
  const stopped = createInvoice(late.ctx, id)
  await late.answered
  t.equal((await createInvoice(app.replicas[1]!.ctx, id)).state, 'creating', 'it still has the row')
  await app.advance(31)
  t.equal((await createInvoice(app.replicas[1]!.ctx, id)).state, 'pending')
  late.letThrough()
  t.equal((await stopped).state, 'pending')
  t.equal(invoicesOf(app, id).length, 1)
})

t.test('a creation waits for the budget of calls', async (t) => {
  const app = await startPayments(t, { settings: { providerCallsPerMinute: 1 } })
  const [first, second] = [await app.newPayment(), await app.newPayment()]
  t.equal((await createInvoice(app.ctx, first.id)).state, 'pending')
  const waiting = createInvoice(app.ctx, second.id)
  t.equal(await Promise.race([waiting, app.stateOf(second.id)]), 'creating')
  app.ctx.settings.load({ providerCallsPerMinute: 2 })
  t.equal((await waiting).state, 'pending')
  t.equal((await createInvoice(app.ctx, first.id)).state, 'pending', 'where nothing is to be made nothing waits')
})

t.test('a hold that is over or closing gets no invoice', async (t) => {
  const app = await startPayments(t)
  const [over, closing] = [await app.newPayment({ holdSeconds: 10 }), await app.newPayment()]
  await transact(app.ctx, (tx) => closePayment(tx, closing.id))
  await app.advance(11)
  for (const { id } of [over, closing]) {
    t.equal((await createInvoice(app.ctx, id)).state, 'creating')
    t.equal(invoicesOf(app, id).length, 0)
    t.equal(await expireInvoice(app.ctx, smallestHooks.apply, id), 'expired')
    t.equal(await app.stateOf(id), 'failed')
  }
  t.equal(app.simulators.control.calls('xendit.list'), 0, 'where none was asked for there is nothing to look up')
})

t.test('a request that died is followed by the outbox, on its own', async (t) => {
  const app = await startPayments(t)
  await app.db.clock.stop()
  const created: string[] = []
  const reactions = new Map(paymentReactions({ created: async (_ctx, id) => void created.push(id) }).map((one) => [one.topic, one]))
  const sweep = () => sweepOutbox(app.ctx, reactions, { waitedSeconds: 0, limit: 10 })
  const { id } = await app.newPayment()
  t.equal(await sweep(), 0, 'the request has its turn first')
  app.simulators.control.setFaults({ xendit: { api: { error: 503, times: 2, operations: ['create'] } } })
  await app.advance(5)
  t.equal(await sweep(), 1)
  t.same([await app.stateOf(id), created], ['creating', []])
  await app.advance(5)
  await sweep()
  await app.advance(9)
  await sweep()
  t.same([await app.stateOf(id), created], ['pending', [id]])
  t.equal(invoicesOf(app, id).length, 1)
  const [row] = await app.query(`select id from outbox where done_at is null`)
  t.equal(row, undefined, 'nothing is left to try')
  t.equal(await runOutboxRow(app.ctx, reactions, id, 'job'), false)
})

t.test('one that could not be made in time is told, and tried no more', async (t) => {
  const app = await startPayments(t)
  const { id } = await app.newPayment()
  t.same(await findUncreated(app.ctx.sql), [])
  await app.advance(61)
  t.match(await findUncreated(app.ctx.sql), [{ id }])
  t.equal((await createInvoice(app.ctx, id)).state, 'creating')
  t.equal(invoicesOf(app, id).length, 0)
  await transact(app.ctx, (tx) => markFailed(tx, id))
  t.same(await findUncreated(app.ctx.sql), [])
})

t.test('with payments off none is begun', async (t) => {
  const app = await startPayments(t, { env: { XENDIT_ENABLED: 'false' } })
  const customerId = await app.newCustomer()
  await t.rejects(transact(app.ctx, (tx) => createPayment(tx, {
    customerId, sessionId: customerId, purchaseId: customerId, amountIdr: 1, walletIdr: 0, description: '', expiresAt: new Date(),
  })), { code: 'payments_disabled' })
})

t.test('ending an invoice: expired, paid before, unanswered, underpaid', async (t) => {
  const app = await startPayments(t)
  const make = async () => (await createInvoice(app.ctx, (await app.newPayment()).id))
  const [expired, paid, unanswered, underpaid] = [await make(), await make(), await make(), await make()]
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  t.equal(await expireInvoice(app.ctx, smallestHooks.apply, expired.id), 'expired')
  t.equal(app.xendit.invoice(expired.providerInvoiceId!).status, 'EXPIRED')
  t.equal(await app.stateOf(expired.id), 'pending', 'the caller’s transaction marks it')

  await app.xendit.pay(paid.providerInvoiceId!)
  t.equal(await expireInvoice(app.ctx, smallestHooks.apply, paid.id), 'paid')
  t.equal(await app.stateOf(paid.id), 'paid')
  t.equal(await expireInvoice(app.ctx, smallestHooks.apply, paid.id), 'paid')

  await app.xendit.pay(underpaid.providerInvoiceId!, { amount: 5000 })
  t.equal(await expireInvoice(app.ctx, smallestHooks.apply, underpaid.id), 'expired', 'too little money opens nothing')
  t.match(await app.inbox(), [{ state: 'parked', reason: 'underpaid', kind: 'invoice-answer' }])
  t.match(await app.query(`select account, amount_idr from ledger_entries where account like 'suspense:%'`), [{ amount_idr: '5000' }])

  app.simulators.control.setFaults({ xendit: { api: { error: 'hang' } } })
  t.equal(await expireInvoice(hasty(app.ctx), smallestHooks.apply, unanswered.id), 'unanswered')
})

t.test('ending a payment whose creation was uncertain looks it up first', async (t) => {
  const app = await startPayments(t)
  const { id } = await app.newPayment()
  app.simulators.control.setFaults({ xendit: { api: { error: 'reset', afterEffect: true, operations: ['create'], times: 1 } } })
  await createInvoice(app.ctx, id)
  app.simulators.control.setFaults({ xendit: { api: { error: 503, operations: ['list'], times: 1 } } })
  t.equal(await expireInvoice(app.ctx, smallestHooks.apply, id), 'unanswered')
  t.equal(await expireInvoice(app.ctx, smallestHooks.apply, id), 'expired')
  t.equal(invoicesOf(app, id)[0]!.status, 'EXPIRED')
  t.equal(await app.stateOf(id), 'pending')
})

t.test('ending while the invoice is being made waits for it', async (t) => {
  const app = await startPayments(t, { replicas: 2 })
  const { id } = await app.newPayment()
  const slow = holding(app.ctx, 'createInvoice')
  const making = createInvoice(slow.ctx, id)
  await slow.answered
  const end = () => expireInvoice(app.replicas[1]!.ctx, smallestHooks.apply, id)
  let isOver = false
  const ending = end().finally(() => (isOver = true))
  await app.stateOf(id)
  t.notOk(isOver, 'while it is being made nothing is ended')
  slow.letThrough()
  t.equal((await making).state, 'pending')
  // A machine that stood still may have had no patience left: then it is asked again, as it says.
  t.equal(await ending === 'unanswered' ? await end() : await ending, 'expired')
  t.same(invoicesOf(app, id).map((invoice) => invoice.status), ['EXPIRED'])
})

t.test('an invoice that comes after its payment was given up is ended again', async (t) => {
  const app = await startPayments(t)
  const { id } = await app.newPayment()
  const late = holding(app.ctx, 'createInvoice')
  const making = createInvoice(late.ctx, id)
  await late.answered
  await transact(app.ctx, (tx) => markFailed(tx, id))
  late.letThrough()
  t.equal((await making).state, 'failed')
  t.same(invoicesOf(app, id).map((invoice) => invoice.status), ['EXPIRED'])
  t.equal((await findPayment(app.ctx.sql, id))?.providerInvoiceId, null)
})
