import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startTestApp } from '../../testing/app.ts'
import { stage, STAGE_SETTINGS } from '../../testing/stage.ts'
import { staffByRows } from '../../testing/staff-rows.ts'
import { eventually } from '../../testing/wait.ts'
import { account, checkLedger, sumAccount } from '../ledger/index.ts'
import { findPaymentsOfSessions, resolveSuspense } from './index.ts'

t.test('money that nobody could place waits for two members of staff', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, minInvoiceIdr: 10_000 } })
  const { ctx } = app.replicas[0]!
  const { xendit } = app.simulators.control
  const [finance, other, boss, admin] = await Promise.all([staffByRows(app, 'finance'), staffByRows(app, 'finance'), staffByRows(app, 'super_admin'), staffByRows(app, 'admin')])
  const held = async () => {
    const scene = await stage(app, 'held')
    const payment = await eventually(async () => {
      const [found] = await findPaymentsOfSessions(ctx.sql, [scene.sessionId])
      return found?.providerInvoiceId ? found : undefined
    }, 'the invoice is made')
    return { scene, payment, invoiceId: payment.providerInvoiceId! }
  }
  type Item = { id: string; amount_idr: string; reason: string; state: string; resolved_to: string | null }
  const itemsOf = (paymentId: string, count: number) => eventually(async () => {
    const rows = await app.query<Item>('select * from suspense_items where payment_id = $1 order by amount_idr', [paymentId])
    return rows.length === count ? rows : undefined
  }, `${count} sums are suspended`)
  const balance = (name: string) => sumAccount(ctx.sql, name)
  const resolve = (id: string, to: string, who = finance) => who.call('POST', `/suspense/${id}/resolve`, { body: { to, reason: 'a test' } })
  const approve = (id: string, who = boss, replica = 0) => who.call('POST', `/approvals/${id}/approve`, { body: {}, replica })

  t.test('too little: shown, placed in the wallet by two persons, once; what is told afterwards changes nothing', async (t) => {
    const { payment, invoiceId, scene } = await held()
    await xendit.pay(invoiceId, { amount: 20_000 })
    const [item] = await itemsOf(payment.id, 1)
    t.match(item, { amount_idr: '20000', reason: 'underpaid', state: 'open' })
    t.equal(await balance(account.suspense(item!.id)), 20_000)
    const event = await eventually(async () => (await app.query<{ id: string; state: string }>('select id, state, reason from provider_inbox where id = $1 and payment_id = $2 and state <> $3', [item!.id, payment.id, 'received']))[0], 'it is parked')
    t.match(event, { id: item!.id, state: 'parked', reason: 'underpaid' }, 'the account bears the event’s id')
    await xendit.settle(invoiceId)
    await eventually(async () => (await app.query(`select 1 from provider_inbox where payment_id = $1 and state = 'parked'`, [payment.id])).length >= 2, 'the second telling of it is parked too')

    t.match(await admin.call('GET', '/suspense?state=open'), { status: 200, body: { items: [{ eventId: item!.id, amountIdr: 20_000, reason: 'underpaid', customerId: scene.customer.id }] } })
    t.match(await resolve(item!.id, 'wallet', admin), { status: 403 })
    t.match(await resolve(crypto.randomUUID(), 'wallet'), { status: 404 })
    const asked = await resolve(item!.id, 'wallet')
    t.match(asked, { status: 202, body: { approval: { state: 'pending' } } })
    t.match(await resolve(item!.id, 'wallet'), { status: 202, body: asked.body }, 'asking again is no second request')
    t.match(await resolve(item!.id, 'revenue', other), { status: 409, body: { code: 'conflict' } })
    t.match(await approve(asked.body.approval.id, finance), { status: 403, body: { code: 'approval_self' } })
    const answers = await Promise.all([approve(asked.body.approval.id, boss, 0), approve(asked.body.approval.id, other, 1), approve(asked.body.approval.id, boss, 1)])
    t.ok(answers.some(({ status }) => status === 200) && answers.every(({ status }) => status === 200 || status === 409), JSON.stringify(answers.map(({ status }) => status)))
    t.equal(await balance(account.wallet(scene.customer.id)), 20_000, 'once')
    t.equal(await balance(account.suspense(item!.id)), 0)
    t.match(await app.query('select state, resolved_to from suspense_items where id = $1', [item!.id]), [{ state: 'resolved', resolved_to: 'wallet' }])
    t.match(await app.query('select state, reason from provider_inbox where payment_id = $1', [payment.id]), [{ state: 'applied', reason: 'suspense_resolved' }, { state: 'applied', reason: 'suspense_resolved' }])
    t.match(await app.query(`select act from audit_log where target_id = $1 order by seq`, [item!.id]), [{ act: 'approval.requested' }, { act: 'approval.approved' }, { act: 'suspense.resolved' }])

    await app.query(`update provider_inbox set state = 'received', settled_at = null, attempts = 0, due_at = app_now() where payment_id = $1`, [payment.id])
    await eventually(async () => (await app.query(`select 1 from provider_inbox where payment_id = $1 and state = 'received'`, [payment.id])).length === 0, 'judged again')
    t.match(await app.query('select state, reason from provider_inbox where payment_id = $1', [payment.id]), [{ state: 'applied', reason: 'suspense_resolved' }, { state: 'applied', reason: 'suspense_resolved' }])
    t.equal(await balance(account.wallet(scene.customer.id)), 20_000)
    t.match(await resolve(item!.id, 'wallet'), { status: 409 }, 'placed is placed')
  })

  t.test('of somebody banned, more than was asked: the invoice’s sum is the session’s, the surplus is suspended; then into revenue', async (t) => {
    const { payment, invoiceId, scene } = await held()
    await app.query('update users set banned_at = app_now() where id = $1', [scene.customer.id])
    await xendit.pay(invoiceId, { amount: 30_000 })
    const [item] = await itemsOf(payment.id, 1)
    t.match(item, { amount_idr: '5000', reason: 'payer_gone' })
    t.match((await findPaymentsOfSessions(ctx.sql, [scene.sessionId]))[0], { state: 'paid', channel: 'BCA', providerPaymentId: /.+/ }, 'what the provider calls it is kept')
    const asked = await resolve(item!.id, 'revenue')
    const before = await balance(account.platformRevenue)
    t.match(await approve(asked.body.approval.id, other, 1), { status: 200 })
    t.equal(await balance(account.platformRevenue), before + 5000)
  })

  t.test('of somebody erased, after the hold was over: it cannot go into a wallet', async (t) => {
    const { payment, invoiceId, scene } = await held()
    app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await xendit.pay(invoiceId)
    await app.query('update users set erased_at = app_now() where id = $1', [scene.customer.id])
    app.simulators.control.resetFaults()
    await scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`)
    await app.query(`update payments set ask_at = app_now() where id = $1`, [payment.id])
    await scene.travel(700)
    const [item] = await itemsOf(payment.id, 1)
    t.match(item, { amount_idr: '25000', reason: 'payer_gone' })
    t.match(await resolve(item!.id, 'wallet'), { status: 409, body: { code: 'conflict' } })
    t.match(await resolve(item!.id, 'revenue'), { status: 202 })
  })

  t.test('placed by two at once without the approval: once', async (t) => {
    const { payment, invoiceId } = await held()
    await xendit.pay(invoiceId, { amount: 15_000 })
    const [item] = await itemsOf(payment.id, 1)
    const results = await Promise.allSettled(app.replicas.flatMap((replica) => [1, 2, 3].map(() => transact(replica.ctx, (tx) => resolveSuspense(tx, item!.id, 'revenue')))))
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    t.equal(await balance(account.suspense(item!.id)), 0)
  })

  t.same((await checkLedger(ctx.sql)).problems, [])
})
