import t from 'tap'
import { transact } from '../../platform/database.ts'
import { hasty, smallestHooks, startPayments } from '../../testing/payments.ts'
import { callBudget, createInvoice, runInboxRow, sweepInbox, type InboxHooks } from './index.ts'

t.test('while the provider is away an event is tried again later, and not parked', async (t) => {
  const app = await startPayments(t)
  // Else the second after which it is tried again could be over within one drain.
  await app.db.clock.stop()
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  await app.xendit.pay(payment.providerInvoiceId!)
  for (const error of ['hang', 'html502', 429, 'garbage'] as const) {
    app.simulators.control.setFaults({ xendit: { api: { error, operations: ['get'], retryAfterSeconds: 1 } } })
    await app.drainInbox([error === 'hang' ? hasty(app.ctx) : app.ctx])
    t.match(await app.inbox(), [{ state: 'received', reason: /^provider_/ }], `${error}`)
    await app.advance(60)
    // After a 429 nobody calls until the provider's time is over, which nobody can move.
    t.ok(await callBudget(app.ctx).wait(60_000))
  }
  app.simulators.control.resetFaults()
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'applied', attempts: 5 }])
  t.equal(await app.stateOf(payment.id), 'paid')
})

t.test('an event without a turn in the budget of calls is postponed, and that is no failure', async (t) => {
  const app = await startPayments(t, { settings: { providerCallsPerMinute: 1 } })
  await app.db.clock.stop()
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  await app.xendit.pay(payment.providerInvoiceId!)
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'received', reason: 'no_calls_left', attempts: 0 }])
  t.equal(app.simulators.control.calls('xendit.get'), 0)
  app.ctx.settings.load({ providerCallsPerMinute: 10 })
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'received' }], 'not before its time')
  await app.advance(5)
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'applied' }])
})

t.test('a fault of ours is tried again with growing waits, and parked after two hours of them', async (t) => {
  const app = await startPayments(t)
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  await app.xendit.pay(payment.providerInvoiceId!)
  const { id } = (await app.inbox())[0]!
  const failing: InboxHooks = { ...smallestHooks, apply: () => Promise.reject(new Error('our fault')) }
  let tries = 0
  await app.db.clock.stop()
  for (; tries < 60 && (await app.inbox())[0]!.state === 'received'; tries++) {
    await runInboxRow(app.ctx, failing, id)
    t.equal(await runInboxRow(app.ctx, failing, id), false, 'not before its time')
    await app.advance(301)
  }
  t.equal(tries, 30)
  t.match(await app.inbox(), [{ state: 'parked', reason: 'fault' }])
})

t.test('a worker that died is followed when its lease is over', async (t) => {
  const app = await startPayments(t, { replicas: 2 })
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  await app.xendit.pay(payment.providerInvoiceId!)
  const { id } = (await app.inbox())[0]!
  // It stops in the middle of applying, as a stopped process does, and goes on much later.
  const stopped = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const slow = runInboxRow(app.ctx, { ...smallestHooks, apply: async (ctx, confirmed) => {
    started.resolve()
    await stopped.promise
    return smallestHooks.apply(ctx, confirmed)
  } }, id)
  await started.promise
  const other = app.replicas[1]!.ctx
  t.equal(await sweepInbox(other, smallestHooks, { waitedSeconds: 0, limit: 5 }), 0)
  await app.advance(31)
  t.equal(await sweepInbox(other, smallestHooks, { waitedSeconds: 0, limit: 5 }), 1)
  stopped.resolve()
  t.equal(await slow, true)
  t.match(await app.inbox(), [{ state: 'applied' }])
  t.match(await app.query('select count(*) from ledger_transactions'), [{ count: '1' }])
})

t.test('the sweep leaves the workers their chance', async (t) => {
  const app = await startPayments(t)
  await app.db.clock.stop()
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  await app.xendit.pay(payment.providerInvoiceId!)
  t.equal(await sweepInbox(app.ctx, smallestHooks, { waitedSeconds: 5, limit: 5 }), 0)
  await app.advance(5)
  t.equal(await sweepInbox(app.ctx, smallestHooks, { waitedSeconds: 5, limit: 5 }), 1)
  t.equal(await app.stateOf(payment.id), 'paid')
})

t.test('an end unpaid is told only of what the provider says is over', async (t) => {
  const app = await startPayments(t)
  const told: string[] = []
  const hooks: InboxHooks = { ...smallestHooks, expired: async (ctx, id) => {
    told.push(id)
    await transact(ctx, async () => undefined)
    await smallestHooks.expired(ctx, id)
  } }
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  const send = (status: string) => app.xendit.sendWebhook({ id: payment.providerInvoiceId, external_id: payment.id, status, amount: payment.amountIdr, currency: 'IDR', at: told.length })
  await send('EXPIRED')
  await sweepInbox(app.ctx, hooks, { waitedSeconds: 0, limit: 5 })
  t.same(told, [], 'the provider says it is pending')
  t.match(await app.inbox(), [{ state: 'applied', reason: 'nothing_to_do' }])
  await app.xendit.expire(payment.providerInvoiceId!)
  await sweepInbox(app.ctx, hooks, { waitedSeconds: 0, limit: 5 })
  t.same(told, [payment.id])
  t.equal(await app.stateOf(payment.id), 'expired')
})
