import pg from 'pg'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { GatewayError } from '../../platform/gateways.ts'
import { startRefunds } from '../../testing/refunds.ts'
import { eventually } from '../../testing/wait.ts'
import { account, post, sumAccount } from '../ledger/index.ts'
import { postingKeyOfPayment } from '../payments/index.ts'
import { refundReactions, refundSuspense, rejectRefund, resendLostRefunds, retryRefund, settleByHand } from './index.ts'
import { sendRefund } from './send-refund.ts'
import { sweepRefundAsks } from './sweep-refunds.ts'

t.test('sending refunds', async (t) => {
  const app = await startRefunds(t, { replicas: 2 })
  // Refunds of earlier tests are asked about when their minute is over: it passes when a test says so.
  await app.db.clock.stop()
  const { control } = app.simulators
  const { refunds } = app.xendit
  const api = (faults: object) => control.setFaults({ xendit: { api: { operations: ['refund-create'], ...faults } } })

  t.test('whatever becomes of the answer, the provider makes one', async (t) => {
    for (const error of ['reset', 'html502', 'garbage', 'truncate', 500, 503] as const) {
      const payment = await app.newPaid()
      const refund = await app.approve(payment, 10_000)
      api({ error, afterEffect: true })
      t.match(await sendRefund(app.ctx, refund.id), { state: 'approved', sendTries: 1, claimedUntil: null }, String(error))
      control.resetFaults()
      t.match(await sendRefund(app.ctx, refund.id), { state: 'pending', sendTries: 1 }, 'found, not made again')
      t.equal(app.made(payment).length, 1)
      t.equal(await sumAccount(app.ctx.sql, account.wallet(payment.customerId)), 15_000)
    }
  })

  t.test('nothing arrived: it is made by the next try, however often it failed', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    for (const error of ['html502', 429, 'reset'] as const) {
      api({ error, retryAfterSeconds: 0 })
      t.match(await sendRefund(app.ctx, refund.id), { state: 'approved', method: 'provider', needsStaff: null })
    }
    control.resetFaults()
    t.match(await sendRefund(app.ctx, refund.id), { state: 'pending', sendTries: 4 })
    t.equal(app.made(payment).length, 1)
  })

  t.test('many at once on two replicas: one is made', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    const before = control.calls('xendit.refund-create')
    await Promise.all(Array.from({ length: 12 }, (_, index) => sendRefund(app.replicas[index % 2]!.ctx, refund.id)))
    t.equal(control.calls('xendit.refund-create') - before, 1)
    t.match(await app.row(refund.id), { state: 'pending' })
  })

  t.test('refused for good: for staff, and the money stays reserved until they say', async (t) => {
    refunds.setRules({ refusedChannels: ['BCA'] })
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    t.match(await sendRefund(app.ctx, refund.id), { state: 'approved', method: 'manual', needsStaff: 'REFUND_NOT_SUPPORTED' })
    const before = control.calls('xendit.refund-create')
    t.match(await sendRefund(app.ctx, refund.id), { method: 'manual' })
    t.equal(control.calls('xendit.refund-create'), before, 'nobody asks again by themselves')
    t.equal(await sumAccount(app.ctx.sql, account.wallet(payment.customerId)), 15_000)
    await t.rejects(transact(app.ctx, (tx) => rejectRefund(tx, refund.id, {})), { code: 'conflict' }, 'the provider was asked')
    refunds.setRules({})
    await transact(app.ctx, (tx) => retryRefund(tx, refund.id))
    t.match(await sendRefund(app.ctx, refund.id), { state: 'pending', method: 'provider', needsStaff: null })
  })

  t.test('refused, but not by the provider for good: tried again, never by hand', async (t) => {
    const payment = await app.newPaid()
    const refused = (status: number, providerCode?: string) => new GatewayError('refused', 'as told', { status, ...(providerCode !== undefined && { providerCode }) })
    const failing = (calls: Partial<typeof app.ctx.gateways.refunds>) => ({ ...app.ctx, gateways: { ...app.ctx.gateways, refunds: { ...app.ctx.gateways.refunds, ...calls } } })
    for (const error of [refused(400), refused(408, 'REQUEST_TIMEOUT'), refused(400, 'DUPLICATE_ERROR'), refused(400, 'IDEMPOTENCY_ERROR'), refused(403, 'REQUEST_FORBIDDEN_ERROR')]) {
      const refund = await app.approve(payment, 1_000)
      t.match(await sendRefund(failing({ createRefund: () => Promise.reject(error) }), refund.id), { method: 'provider', sendTries: 1, needsStaff: null, claimedUntil: null }, `${error.status} ${error.providerCode}`)
      t.match(await sendRefund(app.ctx, refund.id), { state: 'pending' })
    }
    const refund = await app.approve(payment, 2_000)
    api({ error: 'reset', afterEffect: true })
    await sendRefund(app.ctx, refund.id)
    control.resetFaults()
    const lookUp = { findRefund: () => Promise.reject(refused(404, 'DATA_NOT_FOUND')) }
    t.match(await sendRefund(failing(lookUp), refund.id), { method: 'provider', needsStaff: null }, 'the look-up was refused, not the refund')
    const unseen = { findRefund: () => Promise.resolve(undefined), createRefund: () => Promise.reject(refused(400, 'MAXIMUM_REFUND_AMOUNT_REACHED')) }
    t.match(await sendRefund(failing(unseen), refund.id), { method: 'provider', needsStaff: 'MAXIMUM_REFUND_AMOUNT_REACHED' }, 'it may exist: staff see it, and it is tried further')
    t.match(await sendRefund(app.ctx, refund.id), { state: 'pending', needsStaff: null }, 'it did exist')
    t.equal(app.made(payment).filter((made) => made.reference_id === refund.id).length, 1)
  })

  t.test('taken back before anybody asked the provider: cancelled, and the money is where it was', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    t.match(await transact(app.ctx, (tx) => rejectRefund(tx, refund.id, {})), { state: 'cancelled' })
    t.equal(await sumAccount(app.ctx.sql, account.wallet(payment.customerId)), 25_000)
    t.match(await sendRefund(app.ctx, refund.id), { state: 'cancelled' })
    t.equal(app.made(payment).length, 0)
  })

  t.test('nobody tells of the outcome: the provider is asked on schedule', async (t) => {
    const payment = await app.newPaid()
    const [one, other] = [await app.approve(payment, 10_000), await app.approve(payment, 5_000)]
    for (const refund of [one, other]) await sendRefund(app.ctx, refund.id)
    t.equal(await sweepRefundAsks(app.ctx), 0, 'not yet')
    control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await refunds.succeed((await app.row(one.id)).providerRefundId!)
    await app.advance(61)
    await Promise.all(app.replicas.map((replica) => sweepRefundAsks(replica.ctx)))
    t.match(await app.row(one.id), { state: 'succeeded', askAt: null })
    t.match(await app.row(other.id), { state: 'pending', askCount: 1, needsStaff: null })
    for (const seconds of [540, 3000, 18_000]) {
      await app.advance(seconds)
      control.setFaults({ xendit: { webhooks: { drop: 1 }, api: { error: seconds === 540 ? 'html502' : null } } })
      await sweepRefundAsks(app.ctx)
    }
    t.match(await app.row(other.id), { state: 'pending', askCount: 4, needsStaff: 'no_outcome' }, 'staff see what nobody has an answer to')
    await refunds.fail((await app.row(other.id)).providerRefundId!)
    await app.advance(21_601)
    await sweepRefundAsks(app.ctx)
    t.match(await app.row(other.id), { state: 'failed', failureCode: 'ACCOUNT_NOT_FOUND', needsStaff: null })
    t.equal(await sumAccount(app.ctx.sql, account.wallet(payment.customerId)), 15_000)
    control.resetFaults()
  })

  t.test('what is to be sent and was lost is sent again, a few times; then a person looks', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    const entries = () => app.query(`select id from outbox where topic = 'refunds.send' and done_at is null and parked_at is null and payload ->> 'refundId' = $1`, [refund.id])
    const park = () => app.query(`update outbox set parked_at = app_now() where payload ->> 'refundId' = $1`, [refund.id])
    await app.advance(901)
    t.equal(await resendLostRefunds(app.ctx, 10), 0, 'its entry is there')
    await park()
    t.same(await Promise.all(app.replicas.map((replica) => resendLostRefunds(replica.ctx, 10))).then((done) => done.toSorted((a, b) => a - b)), [0, 1], 'on one replica')
    t.equal((await entries()).length, 1)
    for (const round of [2, 3]) {
      await park()
      t.equal(await resendLostRefunds(app.ctx, 10), 0, 'not at once')
      await app.advance(901)
      t.equal(await resendLostRefunds(app.ctx, 10), 1)
      t.match([(await entries()).length, await app.row(refund.id)], [1, { resends: round, needsStaff: null }])
    }
    await park()
    await app.advance(901)
    t.equal(await resendLostRefunds(app.ctx, 10), 1)
    t.match([(await entries()).length, await app.row(refund.id)], [0, { state: 'approved', needsStaff: 'stuck' }])
    await app.advance(901)
    t.equal(await resendLostRefunds(app.ctx, 10), 0, 'once')
    await app.query(`update refunds set claimed_until = app_now() - interval '1 minute' where id = $1`, [refund.id])
    t.match(await transact(app.ctx, (tx) => retryRefund(tx, refund.id)), { needsStaff: null, resends: 0 }, 'a person may have it tried again')
    t.match([(await entries()).length, await sendRefund(app.ctx, refund.id)], [1, { state: 'pending' }], 'and a claim of a process that died is over')
    t.equal(app.made(payment).length, 1)
    const other = await app.approve(payment, 5_000)
    await app.query(`update refunds set needs_staff = 'stuck', claimed_until = app_now() - interval '1 minute' where id = $1`, [other.id])
    t.match(await transact(app.ctx, (tx) => settleByHand(tx, other.id, { outcome: 'failed', reference: 'TRX-4' })), { state: 'failed', settledReference: 'TRX-4' })
  })

  t.test('a look-up that fails again and again is tried less and less often', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    api({ error: 'reset', afterEffect: true })
    await sendRefund(app.ctx, refund.id)
    control.setFaults({ xendit: { api: { error: 503, operations: ['refund-list'] } } })
    const waits: number[] = []
    for (let round = 0; round < 10; round++) {
      await refundReactions[0]!.run(app.ctx, { refundId: refund.id })
      const [entry] = await app.query(`select round(extract(epoch from due_at - created_at)) as seconds from outbox where payload ->> 'refundId' = $1 order by id desc limit 1`, [refund.id])
      waits.push(Number(entry!.seconds))
    }
    t.same(waits, [4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    t.match(await app.row(refund.id), { state: 'approved', sendTries: 1, sendFailures: 11 })
    control.resetFaults()
    t.match(await sendRefund(app.ctx, refund.id), { state: 'pending' })
  })

  t.test('money that came by another invoice goes back by that one', async (t) => {
    const payment = await app.newPaid()
    const other = await app.ctx.gateways.payments.createInvoice({ externalId: payment.id, amountIdr: 25_000, durationSeconds: 600, description: 'again', successUrl: 'http://127.0.0.1/', failureUrl: 'http://127.0.0.1/' })
    control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await app.xendit.pay(other.id)
    control.resetFaults()
    await transact(app.ctx, (tx) => post(tx, {
      key: postingKeyOfPayment(payment.id, other.id), flow: 'late_payment', sessionId: payment.sessionId, paymentId: payment.id,
      entries: [{ account: account.providerClearing, amountIdr: -25_000 }, { account: account.wallet(payment.customerId), amountIdr: 25_000 }],
    }))
    await t.rejects(app.approve(payment, 25_001), { code: 'refund_exceeds' }, 'the provider gives back one invoice at a time')
    const first = await app.approve(payment, 20_000)
    t.match(first, { providerInvoiceId: payment.providerInvoiceId })
    const second = await app.approve(payment, 20_000)
    t.match(second, { providerInvoiceId: other.id })
    for (const refund of [first, second]) t.match(await sendRefund(app.ctx, refund.id), { state: 'pending', method: 'provider' })
    t.same([app.made(payment), app.xendit.refunds.all(other.id)].map((made) => made.map((one) => one.reference_id)), [[first.id], [second.id]])
    // What comes back is kept under its invoice, and goes by that again.
    await app.query('update users set banned_at = app_now() where id = $1', [payment.customerId])
    await refunds.fail((await app.row(second.id)).providerRefundId!)
    await app.drain()
    const [item] = await app.query('select id, provider_payment_id from suspense_items where payment_id = $1', [payment.id])
    t.equal(item!.provider_payment_id, other.id)
    const staff = { requestedBy: payment.id, decidedBy: payment.sessionId, reason: 'it is theirs' }
    const id = await whileLocked(payment.id, () => transact(app.ctx, (tx) => refundSuspense(tx, item!.id, staff)))
    t.match([await app.row(id), await sendRefund(app.ctx, id)], [{ providerInvoiceId: other.id }, { state: 'pending', method: 'provider' }])
  })

  // While somebody counts what can be given back of a payment, under its lock, none of its money is placed elsewhere.
  async function whileLocked<T>(paymentId: string, act: () => Promise<T>): Promise<T> {
    const counting = new pg.Client({ connectionString: app.db.ownerUrl })
    await counting.connect()
    try {
      const { rows } = await counting.query<{ pid: number }>('select pg_backend_pid() as pid')
      await counting.query('begin')
      await counting.query('select 1 from payments where id = $1 for update', [paymentId])
      const done = act()
      await eventually(async () => (await app.query(`select 1 from pg_locks where not granted and $1 = any(pg_blocking_pids(pid))`, [rows[0]!.pid]))[0], 'it waits for the payment')
      await counting.query(`select 1 from suspense_items where payment_id = $1 for update nowait`, [paymentId])
      await counting.query('commit')
      return await done
    } finally {
      await counting.end()
    }
  }

  t.test('payments are off: it stays approved', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    const off = { ...app.ctx, gateways: { ...app.ctx.gateways, payments: { ...app.ctx.gateways.payments, enabled: false } } }
    t.match(await sendRefund(off, refund.id), { state: 'approved', sendTries: 0 })
    await sendRefund(app.ctx, refund.id)
    await app.advance(61)
    const before = control.calls('xendit.refund-get')
    t.equal(await sweepRefundAsks(off), 0, 'nor is anything asked')
    t.equal(control.calls('xendit.refund-get'), before)
    t.match(await app.row(refund.id), { state: 'pending', askCount: 0 })
  })

  t.test('a provider that does not answer for ever: staff see it, and it is tried further', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 10_000)
    api({ error: 'html502' })
    t.match(await sendRefund(app.ctx, refund.id), { needsStaff: null })
    await app.advance(901)
    t.match(await sendRefund(app.ctx, refund.id), { state: 'approved', method: 'provider', needsStaff: 'unreachable' })
    control.resetFaults()
    await app.query(`update refunds set claimed_until = app_now() + interval '30 seconds' where id = $1`, [refund.id])
    await t.rejects(transact(app.ctx, (tx) => settleByHand(tx, refund.id, { outcome: 'succeeded', reference: 'TRX-3' })), { code: 'conflict' }, 'not while it is being sent')
    await app.query('update refunds set claimed_until = null where id = $1', [refund.id])
    t.match(await sendRefund(app.ctx, refund.id), { state: 'pending', needsStaff: null })
  })
})
