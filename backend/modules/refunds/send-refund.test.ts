import t from 'tap'
import { transact } from '../../platform/database.ts'
import { GatewayError } from '../../platform/gateways.ts'
import { startRefunds } from '../../testing/refunds.ts'
import { account, sumAccount } from '../ledger/index.ts'
import { rejectRefund, retryRefund, settleByHand } from './index.ts'
import { sendRefund } from './send-refund.ts'
import { sweepRefundAsks } from './sweep-refunds.ts'

t.test('sending refunds', async (t) => {
  const app = await startRefunds(t, { replicas: 2, gatewayTimeoutMs: 400 })
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
