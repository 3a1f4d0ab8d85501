import t from 'tap'
import { startTestApp } from '../../testing/app.ts'
import { findUnrest } from '../../testing/final-state.ts'
import { approvedMitra, expect, type Person } from '../../testing/people.ts'
import { fillWallet } from '../../testing/promo-flows.ts'
import { clearStage, newKey, packageOf, stage, STAGE_SETTINGS, startSession, type Scene } from '../../testing/stage.ts'
import { eventually } from '../../testing/wait.ts'

t.test('tips', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
  const { xendit } = app.simulators.control
  t.beforeEach(() => clearStage(app))

  const tip = (who: Person, sessionId: string, body: object, key = newKey()) => who.call('POST', `/api/v1/sessions/${sessionId}/tip`, { body, headers: { 'idempotency-key': key } })
  const stateOf = async (tipId: string) => (await app.query<{ state: string }>('select state from tips where id = $1', [tipId]))[0]?.state
  const invoiceOf = (answer: { body: { payment?: { checkoutUrl?: string } } }) => String(answer.body.payment!.checkoutUrl).split('/').at(-1)!
  /** The mitra's earnings and the customer's wallet since the session was settled. */
  const since = async (scene: Scene) => {
    const before = await scene.money()
    return async () => {
      const now = await scene.money()
      return { mitra: now.payable - before.payable, wallet: now.wallet - before.wallet, revenue: now.revenue - before.revenue }
    }
  }
  /** What was told of payments, and of how much. */
  const told = async (who: Person) => (await app.query<{ words: string }>(`select title || ' ' || substring(body from 'Rp [0-9.]*[0-9]') as words from notifications where user_id = $1 and kind = 'payment'`, [who.id])).map((row) => row.words)
  const endInvoices = () => app.query(`update outbox set due_at = app_now() where topic = 'sessions.end-invoice'`)

  await t.test('out of the wallet: at once, all of it the mitra’s, who is told; never more than there is', async (t) => {
    const scene = await stage(app, 'ended')
    await fillWallet(app, scene.customer.id, 30_000)
    const moved = await since(scene)
    const key = newKey()
    const first = await expect(201, tip(scene.customer, scene.sessionId, { amountIdr: 15_000, useWallet: true }, key))
    t.match(first.body, { tip: { state: 'paid', amountIdr: 15_000 }, payment: undefined })
    t.same(await moved(), { mitra: 15_000, wallet: -15_000, revenue: 0 })
    await app.query('delete from idempotency_keys')
    const again = await expect(201, tip(scene.customer.on(1), scene.sessionId, { amountIdr: 15_000, useWallet: true }, key))
    t.equal(again.body.tip.id, first.body.tip.id, 'its answer was lost: the same tip')
    const both = await Promise.all([0, 1].map((replica) => tip(scene.customer.on(replica), scene.sessionId, { amountIdr: 10_000, useWallet: true })))
    t.same(both.map((answer) => [answer.status, answer.body.code]).toSorted((a, b) => Number(a[0]) - Number(b[0])), [[201, undefined], [409, 'insufficient_balance']])
    t.same(await moved(), { mitra: 25_000, wallet: -25_000, revenue: 0 })
    t.equal((await app.query(`select 1 from notifications where user_id = $1 and kind = 'tip'`, [scene.mitra.id])).length, 2)
    t.equal((await app.query('select 1 from tips where session_id = $1', [scene.sessionId])).length, 2)
  })

  await t.test('by an invoice of its own, while the next hold is open: neither takes the other for its payment', async (t) => {
    const scene = await stage(app, 'ended')
    const moved = await since(scene)
    const asked = await expect(201, tip(scene.customer, scene.sessionId, { amountIdr: 15_000 }))
    t.match(asked.body, { tip: { state: 'waiting' }, payment: { state: 'pending', amountIdr: 15_000, walletIdr: 0 } })
    await approvedMitra(app, { online: true })
    const next = await expect(201, startSession(scene.customer, { packageId: (await packageOf(app, 30)).id }))
    await xendit.pay(invoiceOf(asked), { amount: 18_000 })
    await eventually(async () => (await stateOf(asked.body.tip.id)) === 'paid', 'the tip is paid')
    t.same(await moved(), { mitra: 15_000, wallet: 3_000, revenue: 0 }, 'what was too much is in the wallet')
    const shown = async (id: string) => (await expect(200, scene.customer.call('GET', `/api/v1/sessions/${id}`))).body.session
    t.match(await shown(next.body.session.id), { state: 'held', payment: { id: next.body.payment.id, state: 'pending' } })
    t.match(await shown(scene.sessionId), { state: 'ended', payment: { amountIdr: 25_000, state: 'paid' } })
    t.match((await expect(200, scene.customer.call('GET', `/api/v1/payments/${asked.body.payment.id}`))).body.payment, { state: 'paid' })
    for (const event of xendit.webhooks(invoiceOf(asked))) await xendit.resendWebhook(event.id)
    t.same(await moved(), { mitra: 15_000, wallet: 3_000, revenue: 0 }, 'told twice')
    t.same((await told(scene.customer)).toSorted(), ['Ada kelebihan bayar Rp 3.000', 'Pembayaran diterima Rp 25.000', 'Tip terkirim Rp 15.000'])
  })

  await t.test('its time is over: the invoice is ended at the provider; what is paid all the same is the customer’s', async (t) => {
    const scene = await stage(app, 'ended')
    const moved = await since(scene)
    const [asked, failed] = [await expect(201, tip(scene.customer, scene.sessionId, { amountIdr: 15_000 })), await expect(201, tip(scene.customer, scene.sessionId, { amountIdr: 12_000 }))]
    // Who gave up making its invoice has marked the payment, and knows nothing of tips.
    await app.query(`update payments set state = 'failed', closed_at = app_now() where id = $1`, [failed.body.payment.id])
    await endInvoices()
    await eventually(async () => (await stateOf(asked.body.tip.id)) === 'expired', 'the tip is over', { timeoutMs: 30_000 })
    await eventually(async () => (await stateOf(failed.body.tip.id)) === 'expired', 'and the one whose payment failed', { timeoutMs: 30_000 })
    t.equal(xendit.invoice(invoiceOf(asked)).status, 'EXPIRED')
    await xendit.pay(invoiceOf(asked), { afterExpiry: true })
    await eventually(async () => (await moved()).wallet === 15_000, 'the late money is in the wallet')
    t.same([await moved(), await stateOf(asked.body.tip.id)], [{ mitra: 0, wallet: 15_000, revenue: 0 }, 'expired'])
    t.same((await told(scene.customer)).toSorted(), ['Pembayaran diterima Rp 25.000', 'Pembayaran masuk ke dompet Rp 15.000'])
  })

  await t.test('the provider ends it first; and the mitra is erased before it is paid', async (t) => {
    const scene = await stage(app, 'ended')
    const moved = await since(scene)
    const [ended, orphan] = [await expect(201, tip(scene.customer, scene.sessionId, { amountIdr: 15_000 })), await expect(201, tip(scene.customer, scene.sessionId, { amountIdr: 11_000 }))]
    await xendit.expire(invoiceOf(ended))
    await eventually(async () => (await stateOf(ended.body.tip.id)) === 'expired', 'the tip is over')
    await app.query('update users set erased_at = app_now() where id = $1', [scene.mitra.id])
    await xendit.pay(invoiceOf(orphan))
    await eventually(async () => (await moved()).wallet === 11_000, 'what nobody can have is the customer’s')
    t.same([await moved(), await stateOf(orphan.body.tip.id)], [{ mitra: 0, wallet: 11_000, revenue: 0 }, 'expired'])
    t.match((await expect(409, tip(scene.customer, scene.sessionId, { amountIdr: 15_000 }))).body, { code: 'session_state_conflict' })
  })

  await t.test('what cannot be tipped, and how much', async (t) => {
    const scene = await stage(app, 'active')
    const codeOf = async (body: object, sessionId = scene.sessionId) => {
      const answer = await tip(scene.customer, sessionId, body)
      return [answer.status, answer.body.code]
    }
    t.same(await codeOf({ amountIdr: 999, useWallet: true }), [400, 'amount_below_minimum'])
    t.same(await codeOf({ amountIdr: 9_999 }), [400, 'amount_below_minimum'], 'an invoice has a least sum')
    t.same(await codeOf({ amountIdr: 1_000_001, useWallet: true }), [400, 'validation_failed'])
    t.same(await codeOf({ amountIdr: 1_000.5, useWallet: true }), [400, 'validation_failed'])
    t.same(await codeOf({ amountIdr: 1_000, useWallet: true }), [409, 'insufficient_balance'])
    t.same((await scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/tip`, { body: { amountIdr: 15_000 } })).body.code, 'idempotency_key_required')
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/end`))
    await scene.travel(7 * 86_400 + 60)
    t.same(await codeOf({ amountIdr: 15_000 }), [409, 'session_state_conflict'], 'more than a week ago')
    const cancelled = await stage(app, 'cancelled')
    t.equal((await tip(cancelled.customer, cancelled.sessionId, { amountIdr: 15_000 })).body.code, 'session_state_conflict')
    t.equal((await tip(scene.customer, cancelled.sessionId, { amountIdr: 15_000 })).status, 404, 'somebody else’s')
  })

  t.same(await findUnrest(app), [])
})
