import { randomUUID } from 'node:crypto'
import t from 'tap'
import { smallestHooks, startPayments, type PaymentsApp } from '../../testing/payments.ts'
import { account, sumAccount } from '../ledger/index.ts'
import { setBankAccount } from '../mitras/index.ts'
import { createInvoice, type Payment } from '../payments/index.ts'
import { findDifferences, findReconciliations, reconcile, type Reconciliation } from './index.ts'

const NIGHTLY = { scope: 'nightly', seconds: 172_800 } as const
const SETTINGS = { providerCallsPerMinute: 100_000 }
const credited = async (app: PaymentsApp) => -(await sumAccount(app.ctx.sql, account.providerClearing))
const counts = (run: Reconciliation | undefined) => run && { listed: run.listed, agreed: run.agreed, healed: run.healed, parked: run.parked, error: run.error }

/** Payments with their invoices, by rows: a thousand requests prove nothing more. */
async function makePending(app: PaymentsApp, count: number): Promise<{ id: string; invoiceId: string }[]> {
  const customerId = await app.newCustomer()
  const made = Array.from({ length: count }, () => {
    const id = randomUUID()
    return { id, invoiceId: app.xendit.create({ external_id: id, amount: 25_000, currency: 'IDR', invoice_duration: 3600 }).id }
  })
  await app.query(`
    insert into payments (id, customer_id, session_id, purchase_id, state, amount_idr, provider_invoice_id, create_until, expires_at, pending_at)
    select id, $1, gen_random_uuid(), gen_random_uuid(), 'pending', 25000, invoice, app_now(), app_now() + interval '1 hour', app_now() from unnest($2::uuid[], $3::text[]) as g(id, invoice)`,
  [customerId, made.map(({ id }) => id), made.map(({ invoiceId }) => invoiceId)])
  return made
}

async function newPending(app: PaymentsApp): Promise<Payment & { providerInvoiceId: string }> {
  return await createInvoice(app.ctx, (await app.newPayment()).id) as Payment & { providerInvoiceId: string }
}

/** Paid, and nobody is told. */
async function paySilently(app: PaymentsApp, invoiceId: string, pay = {}): Promise<void> {
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.xendit.pay(invoiceId, pay)
  app.simulators.control.resetFaults()
}

t.test('1,000 payments, 100 webhooks lost, one amount altered and one payment invented: 100 healed, 2 parked', async (t) => {
  const app = await startPayments(t, { replicas: 2, settings: SETTINGS })
  const contexts = app.replicas.map((replica) => replica.ctx)
  const made = await makePending(app, 1001)
  const altered = made.pop()!
  const heard = made.slice(100).values()
  await Promise.all(Array.from({ length: 32 }, async () => {
    for (const { invoiceId } of heard) await app.xendit.pay(invoiceId)
  }))
  await app.drainInbox(contexts)
  t.match(await app.query(`select count(*)::int as n from provider_inbox where state = 'applied'`), [{ n: 900 }])
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  for (const { invoiceId } of made.slice(0, 100)) await app.xendit.pay(invoiceId)
  Object.assign(app.xendit.invoice(altered.invoiceId), { amount: 250_000 })
  await app.xendit.pay(altered.invoiceId)
  const invented = app.xendit.create({ external_id: randomUUID(), amount: 25_000 })
  await app.xendit.pay(invented.id)
  t.equal(await credited(app), 900 * 25_000)

  // Both replicas at once: each payment is healed by one of them.
  const runs = await Promise.all(contexts.map((ctx) => reconcile(ctx, smallestHooks, NIGHTLY)))
  t.same(runs.map((run) => [run!.listed, run!.error]), [[1002, null], [1002, null]])
  t.equal(runs.reduce((sum, run) => sum + run!.healed, 0), 100)
  t.equal(runs.reduce((sum, run) => sum + run!.parked, 0), 2)
  t.equal(await credited(app), 1000 * 25_000)
  t.same((await app.query(`select count(*)::int as n from payments where state = 'paid'`))[0], { n: 1000 })
  const parked = await app.query(`select kind, reason, payment_id from provider_inbox where state = 'parked' order by reason`)
  t.same(parked, [{ kind: 'invoice-listed', reason: 'amount_mismatch', payment_id: altered.id }, { kind: 'invoice-listed', reason: 'unknown_order', payment_id: null }], 'shown among the parked events')
  t.same(counts(await reconcile(app.ctx, smallestHooks, NIGHTLY)), { listed: 1002, agreed: 1000, healed: 0, parked: 0, error: null }, 'and once is enough')
})

t.test('what differs is healed or parked, by its kind', async (t) => {
  const app = await startPayments(t, { settings: SETTINGS })
  const [short, surplus, gone, dollars] = [await newPending(app), await newPending(app), await newPending(app), await newPending(app)]
  await paySilently(app, short.providerInvoiceId, { amount: 20_000 })
  await paySilently(app, surplus.providerInvoiceId, { amount: 30_000 })
  await paySilently(app, dollars.providerInvoiceId, { currency: 'USD' })
  await app.xendit.pay(gone.providerInvoiceId)
  await app.drainInbox()
  // Paid, as we think; the provider says that it never was.
  Object.assign(app.xendit.invoice(gone.providerInvoiceId), { status: 'EXPIRED', paid_at: undefined })
  const run = await reconcile(app.ctx, smallestHooks, NIGHTLY)
  t.same(counts(run), { listed: 3, agreed: 0, healed: 2, parked: 2, error: null })
  const differences = await findDifferences(app.ctx.sql, run!.id)
  t.same(Object.fromEntries(differences.map((one) => [one.subjectId, `${one.outcome} ${one.what}`])), {
    [short.id]: 'healed underpaid', [surplus.id]: 'healed missed_payment', [dollars.id]: 'parked currency_mismatch', [gone.id]: 'parked not_paid_there',
  })
  t.equal(await sumAccount(app.ctx.sql, account.escrow(surplus.sessionId)), 30_000)
  t.match((await app.query('select reason, amount_idr::int from suspense_items')), [{ reason: 'underpaid', amount_idr: 20_000 }])
})

t.test('an event that was not confirmed is settled once the payment is; another’s stays', async (t) => {
  const app = await startPayments(t, { settings: SETTINGS })
  const payment = await newPending(app)
  const event = (id: string) => ({ id, external_id: payment.id, status: 'PAID', amount: 25_000, paid_amount: 25_000, currency: 'IDR' })
  await app.xendit.sendWebhook(event(payment.providerInvoiceId))
  await app.xendit.sendWebhook(event('f00000000000000000000000'))
  await app.drainInbox()
  t.match(await app.inbox(), [{ state: 'parked', reason: 'not_confirmed' }, { state: 'parked', reason: 'not_confirmed' }])
  await paySilently(app, payment.providerInvoiceId)
  await reconcile(app.ctx, smallestHooks, NIGHTLY)
  t.match(await app.inbox(), [{ state: 'applied', reason: 'healed' }, { state: 'parked', reason: 'not_confirmed' }])
  t.equal(await credited(app), 25_000)
})

t.test('an open payment whose invoice has ended is asked about', async (t) => {
  const app = await startPayments(t, { settings: SETTINGS })
  const [unpaid, paid] = [await newPending(app), await newPending(app)]
  await paySilently(app, paid.providerInvoiceId)
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.advance(3600)
  await reconcile(app.ctx, smallestHooks, { scope: 'recent', seconds: 600 })
  t.same([await app.stateOf(unpaid.id), await app.stateOf(paid.id)], ['expired', 'paid'], 'though its payment is older than what was listed')
})

t.test('fees and taxes are posted once they are final, each line once; what is no whole rupiah is parked', async (t) => {
  const app = await startPayments(t, { replicas: 2, settings: SETTINGS })
  const made = await makePending(app, 60)
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  for (const { invoiceId } of made) await app.xendit.settle(invoiceId, false)
  const [fraction, pending, withheld] = made.map(({ invoiceId }) => `txn_${invoiceId}`)
  app.xendit.changeLine(fraction!, { fee: { value_added_tax: 440.5 } })
  app.xendit.changeLine(pending!, { fee: { status: 'PENDING' } })
  app.xendit.changeLine(withheld!, { fee: { xendit_withholding_tax: 60 } })
  const runs = await Promise.all(app.replicas.map(({ ctx }) => reconcile(ctx, smallestHooks, NIGHTLY)))
  t.same(runs.map((run) => run!.error), [null, null])
  t.equal(runs.reduce((sum, run) => sum + run!.parked, 0), 1)
  t.equal(await sumAccount(app.ctx.sql, account.providerFees), -58 * 4440)
  t.equal(await sumAccount(app.ctx.sql, account.taxWithheld), -60)
  app.xendit.changeLine(pending!, {})
  await reconcile(app.ctx, smallestHooks, NIGHTLY)
  t.equal(await sumAccount(app.ctx.sql, account.providerFees), -59 * 4440, 'the last one when it is final')
})

t.test('a payout that came back without a word is found at night', async (t) => {
  const app = await startPayments(t, { settings: SETTINGS })
  const [payoutId, mitraId] = [randomUUID(), randomUUID()]
  const made = await app.ctx.gateways.payouts.createPayout({ id: payoutId, channelCode: 'ID_BCA', accountNumber: '7310284596', holderName: 'Made', amountIdr: 60_000, description: 'earnings' })
  await app.query(`insert into users (id, kind, phone_hash, phone_prefix) values ($1, 'mitra', $2, '+6281234')`, [mitraId, Buffer.from(mitraId)])
  await app.query(`insert into mitras (user_id) values ($1)`, [mitraId])
  await setBankAccount(app.ctx, mitraId, { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'Made Wirawan' })
  const accountId = (await app.query('select id from mitra_bank_accounts where mitra_id = $1', [mitraId]))[0]!.id
  await app.query(`insert into payouts (id, mitra_id, bank_account_id, state, amount_idr, requested_by_kind, provider_payout_id, approved_at, sent_at, settled_at)
    values ($1, $2, $3, 'succeeded', 60000, 'mitra', $4, app_now(), app_now(), app_now())`, [payoutId, mitraId, accountId, made.id])
  await app.xendit.movePayout(made.id, { status: 'SUCCEEDED', notify: false })
  t.match(await reconcile(app.ctx, smallestHooks, NIGHTLY), { healed: 0, parked: 0 })
  await app.xendit.movePayout(made.id, { status: 'REVERSED', notify: false })
  const run = await reconcile(app.ctx, smallestHooks, NIGHTLY)
  t.match(await findDifferences(app.ctx.sql, run!.id), [{ kind: 'payout', what: 'reversed', outcome: 'healed', subjectId: payoutId }])
  t.equal(await sumAccount(app.ctx.sql, account.payable(mitraId)), 60_000)
  t.match(await reconcile(app.ctx, smallestHooks, NIGHTLY), { healed: 0, parked: 0 })
})

t.test('a provider that is away or talks nonsense leaves a comparison that says so, and harms nothing', async (t) => {
  const app = await startPayments(t, { gatewayTimeoutMs: 300, settings: SETTINGS })
  const payment = await newPending(app)
  await paySilently(app, payment.providerInvoiceId)
  for (const [error, told] of [[503, 'provider_unreachable'], ['html502', 'provider_unreachable'], ['garbage', 'provider_unreadable'], ['hang', 'provider_timeout']] as const) {
    app.simulators.control.setFaults({ xendit: { api: { error, operations: ['list'] } } })
    t.match(await reconcile(app.ctx, smallestHooks, NIGHTLY), { listed: 0, error: told, finishedAt: Date }, String(error))
  }
  app.simulators.control.resetFaults()
  t.match(await reconcile(app.ctx, smallestHooks, NIGHTLY), { healed: 1, error: null })
  t.match((await findReconciliations(app.ctx.sql, { limit: 2 })).items, [{ healed: 1 }, { error: 'provider_timeout' }])
  app.simulators.control.setFaults({ xendit: { api: { error: 429, operations: ['list'], retryAfterSeconds: 600 } } })
  t.match(await reconcile(app.ctx, smallestHooks, NIGHTLY), { error: 'provider_limited', finishedAt: Date })
})
