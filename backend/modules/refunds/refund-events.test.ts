import { randomUUID } from 'node:crypto'
import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startRefunds, type RefundsApp } from '../../testing/refunds.ts'
import { testSecrets } from '../../testing/simulators/index.ts'
import { eventually } from '../../testing/wait.ts'
import { account, sumAccount } from '../ledger/index.ts'
import type { Payment } from '../payments/index.ts'
import { judgeRefundEvent, settleByHand, type Refund } from './index.ts'
import { sendRefund } from './send-refund.ts'
import { settleRefund } from './settle-refund.ts'

/** What the provider would send about a refund, with whatever a forger changes. */
function eventOf(refund: Pick<Refund, 'id' | 'amountIdr'>, providerRefundId: string, status: string, changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    event: `refund.${status.toLowerCase()}`, business_id: 'b', created: '2026-01-01T00:00:00Z',
    data: { id: providerRefundId, reference_id: refund.id, amount: refund.amountIdr, currency: 'IDR', status, failure_code: null, ...changes },
  })
}

async function sent(app: RefundsApp, payment: Payment, amountIdr: number): Promise<Refund> {
  const refund = await app.approve(payment, amountIdr)
  return (await sendRefund(app.ctx, refund.id))!
}

const judge = (app: RefundsApp, body: string, kind = 'refund') => judgeRefundEvent(app.ctx, { id: randomUUID(), kind, body: Buffer.from(body) })
const walletOf = (app: RefundsApp, payment: Payment) => sumAccount(app.ctx.sql, account.wallet(payment.customerId))
const quietly = async <T>(app: RefundsApp, work: () => Promise<T>): Promise<T> => {
  app.simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
  try {
    return await work()
  } finally {
    app.simulators.control.resetFaults()
  }
}

t.test('what is told of refunds', async (t) => {
  const app = await startRefunds(t, { replicas: 2 })
  const { refunds } = app.xendit
  const pending = () => sumAccount(app.ctx.sql, account.refundsPending)

  t.test('a storm of 200 copies: one outcome, a handful of calls', async (t) => {
    const payment = await app.newPaid()
    const refund = await sent(app, payment, 10_000)
    const before = app.simulators.control.calls('xendit.refund-get')
    app.simulators.control.setFaults({ xendit: { webhooks: { duplicate: 149 } } })
    await refunds.succeed(refund.providerRefundId!)
    app.simulators.control.resetFaults()
    // Fifty more that are not byte for byte the same.
    await Promise.all(Array.from({ length: 50 }, (_, index) => fetch(`${app.replicas[index % 2]!.url}/webhooks/xendit/refund`, {
      method: 'POST', headers: { 'x-callback-token': testSecrets.xenditWebhookToken }, body: eventOf(refund, refund.providerRefundId!, 'SUCCEEDED', { copy: index }),
    })))
    // The provider waits for the answer to the first copy alone: the others may be on their way yet.
    await eventually(async () => (await app.query(`select 1 from provider_inbox where kind = 'refund' having sum(received_count) = 200`)).length === 1, 'all of them have come')
    await app.drain(app.replicas.map((replica) => replica.ctx))
    t.match(await app.row(refund.id), { state: 'succeeded', providerStatus: 'succeeded' })
    t.equal(await pending(), 0)
    t.equal(await walletOf(app, payment), 15_000)
    const rows = await app.query(`select state, reason, received_count::int from provider_inbox where subject_id = $1`, [refund.id])
    t.ok(rows.every((row) => row.state === 'applied'))
    t.equal(rows.reduce((sum, row) => sum + Number(row.received_count), 0), 200)
    const calls = app.simulators.control.calls('xendit.refund-get') - before
    t.ok(calls >= 1 && calls <= 40, `what was judged beside the first asked, and nobody after it: ${calls} calls`)
  })

  t.test('pending, succeeded and failed in every order, each twice: what the provider says when asked', async (t) => {
    const payment = await app.newPaid(10_000_000)
    const orders = permutationsOf(['PENDING', 'PENDING', 'SUCCEEDED', 'SUCCEEDED', 'FAILED', 'FAILED'])
    t.equal(orders.length, 90)
    let givenBack = 0
    for (const [index, order] of orders.entries()) {
      const truth = index % 2 === 0 ? 'SUCCEEDED' : 'FAILED'
      const refund = await sent(app, payment, 1000 + index)
      await quietly(app, () => (truth === 'SUCCEEDED' ? refunds.succeed(refund.providerRefundId!) : refunds.fail(refund.providerRefundId!)))
      const reasons = []
      for (const status of order) reasons.push({ status, ...await judge(app, eventOf(refund, refund.providerRefundId!, status)) })
      const { state } = await app.row(refund.id)
      if (state !== truth.toLowerCase() || reasons.some((one) => (one.to === 'parked') !== (one.status !== 'PENDING' && one.status !== truth))) t.fail(`${order.join(' ')} of a refund that ${truth}: ${state}, ${JSON.stringify(reasons)}`)
      if (state === 'succeeded') givenBack += 1000 + index
    }
    t.equal(await walletOf(app, payment), 10_000_000 - givenBack)
    t.equal(await pending(), 0)
  })

  t.test('no proof, no outcome', async (t) => {
    const payment = await app.newPaid()
    const [mine, others] = [await sent(app, payment, 10_000), await sent(app, payment, 5_000)]
    const unsent = await app.approve(payment, 1_000)
    await quietly(app, () => refunds.succeed(others.providerRefundId!))
    const cases: [what: string, body: string, reason: string][] = [
      ['forged: the provider says pending', eventOf(mine, mine.providerRefundId!, 'SUCCEEDED'), 'not_confirmed'],
      ['another sum', eventOf(mine, mine.providerRefundId!, 'SUCCEEDED', { amount: 10_001 }), 'amount_mismatch'],
      ['no sum', eventOf(mine, mine.providerRefundId!, 'SUCCEEDED', { amount: undefined }), 'amount_mismatch'],
      ['another currency', eventOf(mine, mine.providerRefundId!, 'SUCCEEDED', { currency: 'USD' }), 'currency_mismatch'],
      ['another’s refund that has succeeded', eventOf(mine, others.providerRefundId!, 'SUCCEEDED'), 'amount_mismatch'],
      ['the same with our sum', eventOf({ id: mine.id, amountIdr: 5_000 }, others.providerRefundId!, 'SUCCEEDED', { reference_id: mine.id, id: 'rfd-none' }), 'amount_mismatch'],
      ['a second refund under our reference', eventOf(mine, `rfd-${randomUUID()}`, 'SUCCEEDED'), 'second_refund'],
      ['a refund that the provider does not know', eventOf(unsent, `rfd-${randomUUID()}`, 'SUCCEEDED'), 'not_confirmed'],
      ['one that we do not know', eventOf({ id: randomUUID(), amountIdr: 10_000 }, `rfd-${randomUUID()}`, 'SUCCEEDED'), 'unknown_refund'],
      ['a reference that is no id', eventOf(mine, `rfd-${randomUUID()}`, 'SUCCEEDED', { reference_id: "' or 1=1 --" }), 'unknown_refund'],
      ['a status that nobody knows', eventOf(mine, mine.providerRefundId!, 'EXPLODED'), 'unknown_status'],
      ['no JSON', '{"data":', 'unreadable'],
      ['an array', '[]', 'unreadable'],
    ]
    for (const [what, body, reason] of cases) t.match(await judge(app, body), { to: 'parked', reason }, what)
    t.match(await app.row(mine.id), { state: 'pending' })
    t.match(await app.row(others.id), { state: 'pending' })
  })

  t.test('wherever the data stands in the envelope', async (t) => {
    const payment = await app.newPaid()
    for (const wrap of [(data: object) => ({ event: 'refund.succeeded', data: { data } }), (data: object) => data, (data: object) => ({ event: 'refund.succeeded', data: { ...data, status: undefined } })]) {
      const refund = await sent(app, payment, 1_000)
      await quietly(app, () => refunds.succeed(refund.providerRefundId!))
      const { data } = JSON.parse(eventOf(refund, refund.providerRefundId!, 'SUCCEEDED')) as { data: object }
      t.match(await judge(app, JSON.stringify(wrap(data))), { to: 'applied', subjectId: refund.id, paymentId: payment.id })
      t.match(await app.row(refund.id), { state: 'succeeded' })
    }
  })

  t.test('told before our own call was answered; and the call’s answer comes late', async (t) => {
    const payment = await app.newPaid()
    const refund = await app.approve(payment, 7_000)
    // The provider makes it, but the answer is lost: our row knows nothing of it.
    app.simulators.control.setFaults({ xendit: { api: { error: 'reset', afterEffect: true, operations: ['refund-create'] } } })
    t.match(await sendRefund(app.ctx, refund.id), { state: 'approved', sendTries: 1, providerRefundId: null })
    app.simulators.control.resetFaults()
    const [made] = app.made(payment)
    await refunds.succeed(made!.id)
    await app.drain()
    t.match(await app.row(refund.id), { state: 'succeeded', providerRefundId: made!.id })
    t.match(await sendRefund(app.ctx, refund.id), { state: 'succeeded' })
    t.equal(app.made(payment).length, 1)
  })

  t.test('a second refund under our reference: parked for staff, also when ours has succeeded', async (t) => {
    const payment = await app.newPaid()
    const refund = await sent(app, payment, 4_000)
    for (const state of ['pending', 'succeeded']) {
      t.match(await app.row(refund.id), { state })
      for (const status of ['PENDING', 'SUCCEEDED']) t.match(await judge(app, eventOf(refund, `rfd-${randomUUID()}`, status)), { to: 'parked', reason: 'second_refund', subjectId: refund.id })
      if (state === 'pending') await quietly(app, () => refunds.succeed(refund.providerRefundId!))
      t.match(await judge(app, eventOf(refund, refund.providerRefundId!, 'SUCCEEDED')), { to: 'applied' })
    }
  })

  t.test('the provider made what was settled by hand: parked for staff', async (t) => {
    const payment = await app.newPaid()
    for (const outcome of ['succeeded', 'failed'] as const) {
      const refund = await sent(app, payment, 4_000)
      const read = { ...await app.row(refund.id) }
      await app.query(`update refunds set needs_staff = 'no_outcome' where id = $1`, [refund.id])
      await transact(app.ctx, (tx) => settleByHand(tx, refund.id, { outcome, reference: 'TRX-1' }))
      t.match(await judge(app, eventOf(refund, refund.providerRefundId!, 'SUCCEEDED')), { to: 'parked', reason: 'contradiction' }, outcome)
      t.match(await judge(app, eventOf(refund, refund.providerRefundId!, 'FAILED')), outcome === 'failed' ? { to: 'applied', reason: 'already_posted' } : { to: 'parked', reason: 'contradiction' })
      t.equal(await transact(app.ctx, (tx) => settleRefund(tx, read, 'succeeded', { providerRefundId: refund.providerRefundId, providerStatus: 'succeeded' })), 'contradiction', 'read before it was settled')
      t.match(await app.row(refund.id), { state: outcome, providerStatus: 'by_hand' })
    }
  })

  t.test('a provider that is away: judged again later, not parked', async (t) => {
    const payment = await app.newPaid()
    const refund = await sent(app, payment, 1_000)
    await quietly(app, () => refunds.succeed(refund.providerRefundId!))
    app.simulators.control.setFaults({ xendit: { api: { error: 'html502' } } })
    t.match(await judge(app, eventOf(refund, refund.providerRefundId!, 'SUCCEEDED')), { to: 'later', reason: 'provider_unreachable', isFailure: true })
    app.simulators.control.resetFaults()
    t.match(await judge(app, eventOf(refund, refund.providerRefundId!, 'SUCCEEDED')), { to: 'applied' })
  })
})

function permutationsOf(items: readonly string[]): string[][] {
  if (items.length === 0) return [[]]
  return [...new Set(items)].flatMap((first) => {
    const rest = [...items]
    rest.splice(rest.indexOf(first), 1)
    return permutationsOf(rest).map((order) => [first, ...order])
  })
}
