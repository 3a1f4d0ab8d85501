import t from 'tap'
import { startPayments, smallestHooks, type PaymentsApp } from '../../testing/payments.ts'
import { startTestApp } from '../../testing/app.ts'
import { testSecrets } from '../../testing/simulators/index.ts'
import { stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'
import { account, sumAccount } from '../ledger/index.ts'
import { askProvider, callBudget, createInvoice, findPayment, findPaymentsOfSessions, runInboxRow, type InboxHooks } from './index.ts'
import { createCallBudget } from './call-budget.ts'
import { settleAnswer } from './settle-answer.ts'

const tell = async (url: string, kind: string, body: object): Promise<number> => {
  const answer = await fetch(`${url}/webhooks/xendit/${kind}`, { method: 'POST', body: JSON.stringify(body), headers: { 'x-callback-token': testSecrets.xenditWebhookToken } })
  await answer.arrayBuffer()
  return answer.status
}
const credited = async (app: PaymentsApp) => -(await sumAccount(app.ctx.sql, account.providerClearing))

t.test('an event is judged by who knows its kind, and by nobody else', async (t) => {
  const app = await startPayments(t)
  const { url } = app.replicas[0]!
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  // Word for word what a paid invoice says, told of a refund.
  const body = { id: payment.providerInvoiceId, external_id: payment.id, status: 'PAID', amount: 25_000, paid_amount: 25_000, currency: 'IDR' }
  for (const kind of ['refund', 'payout']) t.equal(await tell(url, kind, body), 200, 'whatever comes is stored')
  t.equal((await fetch(`${url}/webhooks/xendit/refund`, { method: 'POST', body: '{}', headers: { 'x-callback-token': 'wrong' } })).status, 401)
  await app.drainInbox()
  t.match((await app.inbox()).map(({ kind, state, reason }) => [kind, state, reason]), [['refund', 'parked', 'unknown_kind'], ['payout', 'parked', 'unknown_kind']])
  t.equal(await credited(app), 0)
  t.equal(app.simulators.control.calls('xendit.get'), 0)

  const seen: string[] = []
  const subjectId = crypto.randomUUID()
  const hooks: InboxHooks = { ...smallestHooks, judges: { refund: async (_ctx, row) => {
    seen.push(`${row.kind} ${(JSON.parse(row.body.toString()) as { id: string }).id}`)
    return { to: 'applied', subjectId }
  } } }
  t.equal(await tell(url, 'refund', { id: 'rfd-1' }), 200)
  const row = (await app.inbox()).find((one) => one.state === 'received')!
  await runInboxRow(app.ctx, hooks, row.id)
  t.same(seen, ['refund rfd-1'])
  t.match(await app.query('select state, subject_id from provider_inbox where id = $1', [row.id]), [{ state: 'applied', subject_id: subjectId }])
})

t.test('the simulated provider tells of other things at addresses of their own, forged where it is told to', async (t) => {
  const app = await startPayments(t)
  const { control } = app.simulators
  await control.xendit.sendWebhook({ event: 'refund.succeeded', data: { id: 'rfd-1', amount: 5000, currency: 'IDR' } }, { kind: 'refund' })
  t.match(await app.inbox(), [{ kind: 'refund' }])
  t.match(control.xendit.webhooks().map(({ kind, attempts }) => [kind, attempts[0]!.url.split('/').at(-1)]), [['refund', 'refund']])
})

t.test('an amount that the provider has altered is not ours: asked, listed or told, nothing is credited', async (t) => {
  const app = await startPayments(t)
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  const invoice = app.xendit.invoice(payment.providerInvoiceId!)
  invoice.amount = 24_000
  await app.xendit.pay(invoice.id)
  const answer = await askProvider(app.ctx, payment.id)
  t.match(answer, { status: 'paid', amountIdr: 24_000 })
  t.equal(await settleAnswer(app.ctx, smallestHooks, payment, answer!), 'not_confirmed')
  t.equal(await credited(app), 0)
  t.equal((await findPayment(app.ctx.sql, payment.id))!.state, 'pending')
})

t.test('a provider that says it has had enough is left alone until it says', async (t) => {
  const app = await startPayments(t)
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  app.simulators.control.setFaults({ xendit: { api: { error: 429, times: 1, retryAfterSeconds: 1 } } })
  t.equal(await askProvider(app.ctx, payment.id), undefined)
  await app.query('update payments set asked_at = null')
  t.ok(await callBudget(app.ctx).wait(60_000), 'and asked again then')
  t.match(await askProvider(app.ctx, payment.id), { status: 'pending' })

  let closedMs = 1
  const budget = createCallBudget(() => 10, () => 0, () => closedMs)
  t.equal(budget.take(3), 0, 'while it is closed there are no calls')
  closedMs = 0
  t.equal(budget.take(3), 3)
})

t.test('what the provider calls a payment, and its channel, are kept with it', async (t) => {
  const app = await startPayments(t)
  const payment = await createInvoice(app.ctx, (await app.newPayment()).id)
  await app.xendit.pay(payment.providerInvoiceId!, { channel: 'MANDIRI' })
  await app.drainInbox()
  t.match(await findPayment(app.ctx.sql, payment.id), { state: 'paid', channel: 'MANDIRI', providerPaymentId: app.xendit.invoice(payment.providerInvoiceId!).payment_id })
})

t.test('a hold whose invoice was paid in another currency closes; staff have the answer, and nobody asks for ever', async (t) => {
  const app = await startTestApp(t, { settings: { ...STAGE_SETTINGS, closingSeconds: 1 } })
  const { ctx } = app.replicas[0]!
  const scene = await stage(app, 'held')
  const [payment] = await eventually(async () => {
    const found = await findPaymentsOfSessions(ctx.sql, [scene.sessionId])
    return found[0]?.providerInvoiceId ? found : undefined
  }, 'the invoice is made')
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  await app.simulators.control.xendit.pay(payment!.providerInvoiceId!, { currency: 'USD' })
  await scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`)
  await scene.until('cancelled')
  await eventually(async () => (await findPayment(ctx.sql, payment!.id))!.state === 'expired', 'the payment has ended', { timeoutMs: 30_000 })
  t.match(await app.query('select kind, state, reason from provider_inbox where payment_id = $1', [payment!.id]), [{ kind: 'invoice-answer', state: 'parked', reason: 'not_confirmed' }])
  t.equal((await app.query('select 1 from outbox where parked_at is not null')).length, 0)
  t.same(await scene.money(), { escrow: 0, wallet: 0, payable: 0, revenue: 0 })
})
