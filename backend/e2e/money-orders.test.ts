import t from 'tap'
import { startTestApp } from '../testing/app.ts'
import { findUnrest } from '../testing/final-state.ts'
import { ordersOf, proveOrder, type MoneyEvent } from '../testing/money-orders.ts'
import { expect } from '../testing/people.ts'
import { testSecrets } from '../testing/simulators/index.ts'
import { staffByRows } from '../testing/staff-rows.ts'
import { invoiceOf, stage, STAGE_SETTINGS } from '../testing/stage.ts'
import { eventually } from '../testing/wait.ts'

t.test('events of a payment in every order', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: { ...STAGE_SETTINGS, userRequests: 1_000_000 } })
  const finance = await staffByRows(app, 'finance')

  t.test('pending, paid, expired and refunded in every order, each twice: one final state', async (t) => {
    // What is told is what the test sends, and nothing else.
    app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    const orders = ordersOf<MoneyEvent>(['pending', 'paid', 'expired', 'refunded'])
    t.equal(orders.length, 24)
    const left = orders.values()
    const ended = new Map<string, unknown>()
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (const order of left) ended.set(order.join(' '), await proveOrder(app, finance, order.flatMap((event) => [event, event])))
    }))
    app.simulators.control.resetFaults()
    for (const [order, state] of ended) t.same(state, { payment: 'paid', session: 'cancelled', refund: 'succeeded', wallet: 15_000, escrow: 0, parked: 0 }, order)
    t.same(await findUnrest(app), [])
  })

  t.test('SETTLED before PAID, and alone, is PAID', async (t) => {
    for (const told of [['SETTLED', 'PAID', 'SETTLED'], ['SETTLED']]) {
      app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
      const scene = await stage(app, 'held', { named: true })
      const invoiceId = await invoiceOf(app, scene.sessionId)
      const [payment] = await app.query<{ id: string }>('select id from payments where session_id = $1', [scene.sessionId])
      await app.simulators.control.xendit.settle(invoiceId)
      for (const status of told) {
        const body = JSON.stringify({ id: invoiceId, external_id: payment!.id, status, amount: 25_000, paid_amount: 25_000, currency: 'IDR' })
        t.equal((await fetch(`${app.url}/webhooks/xendit/invoice`, { method: 'POST', headers: { 'x-callback-token': testSecrets.xenditWebhookToken }, body })).status, 200)
      }
      await scene.until('ringing')
      await eventually(async () => (await app.query(`select 1 from provider_inbox where payment_id = $1 and state = 'applied'`, [payment!.id])).length === new Set(told).size, 'all is judged')
      t.match(await scene.money(), { escrow: 25_000, wallet: 0 }, told.join(', '))
      app.simulators.control.resetFaults()
      await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    }
  })
})
