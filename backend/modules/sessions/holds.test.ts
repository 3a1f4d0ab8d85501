import t from 'tap'
import type { NewInvoice } from '../../platform/gateways.ts'
import { startTestApp } from '../../testing/app.ts'
import { approvedMitra, customer, expect } from '../../testing/people.ts'
import { clearStage, packageOf, reappear, stage, STAGE_SETTINGS, startSession, vanish } from '../../testing/stage.ts'
import { meetDeadline } from './meet-deadline.ts'
import { paymentNotCreated } from './close-hold.ts'
import { eventually } from '../../testing/wait.ts'
import { changeSettings } from '../../testing/settings.ts'

t.test('holds, their end in two phases, and pauses', async (t) => {
  const app = await startTestApp(t, { replicas: 2, settings: STAGE_SETTINGS })
  t.beforeEach(async () => {
    app.simulators.control.resetFaults()
    await clearStage(app)
  })

  await t.test('paid while it is being cancelled: cancelled, and the money is in the wallet', async (t) => {
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await scene.payInvoice()
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    t.equal((await scene.until('cancelled')).end_reason, 'customer_cancelled')
    t.same(await scene.money(), { escrow: 0, wallet: 25_000, payable: 0, revenue: 0 })
  })

  await t.test('paid at the very deadline, the webhook lost: it rings all the same', async (t) => {
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await scene.payInvoice()
    await scene.travel(601)
    await scene.until('ringing')
    t.equal((await scene.money()).escrow, 25_000)
  })

  await t.test('the provider does not answer: the hold closes after a minute, later money goes to the wallet', async (t) => {
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { api: { error: 502 } } })
    const { body } = await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    t.match(body.session, { state: 'held', isClosing: true })
    await scene.travel(61)
    await scene.until('cancelled')
    // While the provider does not answer nobody can end the invoice: it would be no more to be paid.
    await scene.payInvoice()
    app.simulators.control.resetFaults()
    await eventually(async () => (await scene.money()).wallet === 25_000, 'the late payment is in the wallet')
    t.equal((await scene.row()).state, 'cancelled')
  })

  await t.test('an overdue close goes on ending the invoice, so that nobody can pay it for ever', async (t) => {
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { api: { error: 502 } } })
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    await scene.travel(61)
    await scene.until('cancelled')
    const payment = async () => (await app.query<{ state: string; provider_invoice_id: string }>('select state, provider_invoice_id from payments where session_id = $1', [scene.sessionId]))[0]!
    t.equal((await payment()).state, 'pending', 'nobody has confirmed anything')
    app.simulators.control.resetFaults()
    await eventually(async () => (await payment()).state === 'expired', 'the payment has ended')
    t.equal(app.simulators.control.xendit.invoice((await payment()).provider_invoice_id).status, 'EXPIRED')
  })

  await t.test('holds that were paid while they closed do not make the next one wait', async (t) => {
    const who = await customer(app)
    const { id: packageId } = await packageOf(app, 15)
    await approvedMitra(app, { online: true })
    app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    for (let hold = 0; hold < 2; hold++) {
      const { body } = await expect(201, startSession(who, { packageId }))
      await app.simulators.control.xendit.pay(String(body.payment.checkoutUrl).split('/').at(-1)!)
      await expect(200, who.call('POST', `/api/v1/sessions/${body.session.id}/cancel`))
      await eventually(async () => (await who.call('GET', `/api/v1/sessions/${body.session.id}`)).body.session.state === 'cancelled', 'the provider has answered, and it is over')
    }
    t.equal((await startSession(who, { packageId })).status, 201)
  })

  await t.test('given up while its deadline is closing it: money that comes then does not ring', async (t) => {
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { api: { error: 502 }, webhooks: { drop: 1 } } })
    await scene.travel(601)
    await eventually(async () => (await scene.row())['closing_reason'] === 'deadline', 'the deadline is closing it')
    await scene.payInvoice()
    await expect(200, scene.customer.call('POST', `/api/v1/sessions/${scene.sessionId}/cancel`))
    app.simulators.control.resetFaults()
    t.equal((await scene.until('cancelled')).end_reason, 'customer_cancelled')
    await eventually(async () => (await scene.money()).wallet === 25_000, 'the money is in the wallet')
    const rung = await app.query('select 1 from offers where session_id = $1', [scene.sessionId])
    t.equal(rung.length, 0, 'no mitra was rung')
  })

  await t.test('a closing that another replica has just begun is not taken for an overdue one', async (t) => {
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { api: { error: 502 } } })
    await scene.travel(601)
    await eventually(async () => (await scene.row())['closing_at'] !== null, 'it is closing')
    // What a replica does whose list of due rows is from before.
    await meetDeadline(app.replicas[1]!.ctx, scene.sessionId)
    t.equal((await scene.row()).state, 'held', 'the provider is still to be asked')
    app.simulators.control.resetFaults()
    t.equal((await scene.until('expired')).end_reason, 'hold_expired')
    const [payment] = await app.query<{ provider_invoice_id: string; state: string }>('select provider_invoice_id, state from payments where session_id = $1', [scene.sessionId])
    t.same([app.simulators.control.xendit.invoice(payment!.provider_invoice_id).status, payment!.state], ['EXPIRED', 'expired'], 'and was')
    t.match(await app.query(`select title, body, data from notifications where user_id = $1 and kind = 'payment'`, [scene.customer.id]), [
      { title: 'Pembayaran tidak selesai', body: /Rp 25\.000/, data: { template: 'payment.expired', sessionId: scene.sessionId, link: `/sessions/${scene.sessionId}` } },
    ], 'they are told, once')
  })

  await t.test('an invoice made at the last moment keeps its hold', async (t) => {
    const scene = await stage(app, 'held')
    const [payment] = await app.query<{ id: string }>('select id from payments where session_id = $1', [scene.sessionId])
    await paymentNotCreated(app.replicas[0]!.ctx, payment!.id)
    t.equal((await scene.row()).state, 'held')
  })

  await t.test('an invoice that takes long: 201 with a payment that says creating, then session:updated', async (t) => {
    await approvedMitra(app, { online: true })
    const who = await customer(app)
    const { id: packageId } = await packageOf(app, 15)
    // The request has no patience, and the provider's answer arrives only when it was answered.
    const { ctx } = app.replicas[0]!
    const { payments } = ctx.gateways
    const [real, arrives] = [{ ...payments }, Promise.withResolvers<void>()]
    Object.assign(payments, { createInvoice: async (wanted: NewInvoice) => {
      const invoice = await real.createInvoice(wanted)
      await arrives.promise
      return invoice
    } })
    t.teardown(() => void Object.assign(payments, real))
    await changeSettings(app, { invoiceWaitMs: 200 })
    const { body } = await expect(201, startSession(who, { packageId }))
    await changeSettings(app, { invoiceWaitMs: STAGE_SETTINGS.invoiceWaitMs })
    t.equal(body.payment.state, 'creating')
    arrives.resolve()
    await eventually(async () => (await who.call('GET', `/api/v1/sessions/${body.session.id}`)).body.session.payment.state === 'pending', 'the invoice is made')
    const [count] = await app.query<{ n: number }>('select count(*)::int as n from payments where session_id = $1', [body.session.id])
    t.equal(count!.n, 1)
  })

  await t.test('two webhooks at once, on two replicas, ring once', async (t) => {
    const scene = await stage(app, 'held')
    app.simulators.control.setFaults({ xendit: { webhooks: { duplicate: 5 } } })
    await scene.payInvoice()
    await scene.until('ringing')
    const postings = await app.query(`select 1 from ledger_transactions where session_id = $1 and flow = 'payment'`, [scene.sessionId])
    t.equal(postings.length, 1)
    const rung = await app.query('select 1 from offers where session_id = $1', [scene.sessionId])
    t.equal(rung.length, 1)
  })

  await t.test('a hold that lost its slot stays held, and rings the next eligible mitra when it is paid', async (t) => {
    const scene = await stage(app, 'held')
    await scene.mitra.call('PUT', '/api/v1/mitra/status', { body: { online: false } })
    await eventually(async () => (await scene.row()).slot_mitra_id === null, 'the slot is free')
    const other = await approvedMitra(app, { online: true })
    await scene.payInvoice()
    await eventually(async () => (await scene.row()).slot_mitra_id === other.id, 'the next mitra rings')
    t.equal((await scene.row()).state, 'ringing')
  })

  await t.test('a pause stops the clock as of when the mitra was last seen, and moves the end by exactly the pause', async (t) => {
    const scene = await stage(app, 'paused')
    const paused = await scene.row()
    const [mitra] = await app.query<{ last_seen_at: Date }>('select last_seen_at from mitras where user_id = $1', [scene.mitra.id])
    t.equal((paused['paused_at'] as Date).getTime(), mitra!.last_seen_at.getTime())
    await reappear(scene.mitra)
    const active = await scene.until('active')
    const moved = (active['ends_at'] as Date).getTime() - (paused['ends_at'] as Date).getTime()
    t.equal(moved, Math.round(Number(active['paused_seconds']) * 1000))
    t.ok(moved >= 121_000)
    const [conversation] = await app.query<{ writable_until: Date }>('select writable_until from conversations where id = $1', [active.conversation_id])
    t.same(conversation!.writable_until, active['ends_at'])
  })

  await t.test('hours served stand still through a pause', async (t) => {
    const scene = await stage(app, 'paused')
    const spans = () => app.query<{ ended_at: Date | null }>(`select ended_at from mitra_intervals where mitra_id = $1 and kind = 'served' order by started_at`, [scene.mitra.id])
    t.same((await spans()).map((span) => span.ended_at), [(await scene.row())['paused_at']], 'served until last seen')
    await reappear(scene.mitra)
    await scene.until('active')
    t.same((await spans()).map((span) => span.ended_at === null), [false, true], 'and again from the return on')
  })

  await t.test('a mitra who was back within the allowance goes on, however late that is noticed', async (t) => {
    const scene = await stage(app, 'paused')
    // One transaction: what a long gap between two sweeps looks like from the next one.
    await app.query(`with moved as (
        update chat_sessions set ends_at = ends_at - interval '700 s', paused_at = paused_at - interval '700 s', pause_until = pause_until - interval '700 s',
          due_at = due_at - interval '700 s', accepted_at = accepted_at - interval '700 s', clock_started_at = clock_started_at - interval '700 s' where id = $1 returning pause_until)
      update mitras set last_seen_at = moved.pause_until - interval '5 s' from moved where user_id = $2`, [scene.sessionId, scene.mitra.id])
    // They have been silent again for longer than a session waits: the next sweep pauses it anew, so only what stays is looked at.
    await eventually(async () => Number((await scene.row())['paused_seconds']) > 700, 'the pause is over and was counted')
    t.same(await app.query(`select from_state, to_state from session_events where session_id = $1 and from_state = 'paused' order by id limit 1`, [scene.sessionId]), [{ from_state: 'paused', to_state: 'active' }])
  })

  await t.test('the end comes while the mitra is silent: it waits until they are seen, or pauses as of the last sign', async (t) => {
    const seen = await stage(app, 'active')
    await vanish(app, seen.mitra, 90)
    await seen.travel(900)
    await eventually(async () => ((await seen.row())['ends_at'] as Date) < (await app.clock.now()), 'the end has come')
    t.equal((await seen.customer.call('POST', `/api/v1/conversations/${(await seen.row()).conversation_id}/messages`, { body: { clientId: crypto.randomUUID(), body: 'too late' } })).body.code, 'conversation_closed')
    t.equal((await seen.row()).state, 'active')
    await reappear(seen.mitra)
    t.equal((await seen.until('ended')).end_reason, 'time_up')

    await clearStage(app)
    const gone = await stage(app, 'active')
    await gone.travel(795)
    await vanish(app, gone.mitra, 121)
    await gone.until('paused')
    await expect(200, gone.customer.call('POST', `/api/v1/sessions/${gone.sessionId}/end`))
    t.ok(Number((await gone.row()).returned_idr) > 0, 'what the mitra did not serve goes back')
  })
})
