import t from 'tap'
import { transact } from '../../platform/database.ts'
import { startPayments } from '../../testing/payments.ts'
import { findPayment, markExpired, markFailed, markPaid } from './index.ts'
import { rememberInvoice } from './create-invoice.ts'
import type { ProviderInvoice } from '../../platform/gateways.ts'
import { type PaymentState } from './types.ts'

// creating → pending | paid | failed; pending → paid | expired; expired, failed → paid (late). Nothing else.
const TABLE: Record<PaymentState, readonly PaymentState[]> = {
  creating: ['pending', 'paid', 'failed'],
  pending: ['paid', 'expired'],
  expired: ['paid'],
  failed: ['paid'],
  paid: [],
}
const STATES = Object.keys(TABLE) as PaymentState[]
const PATH: Record<PaymentState, readonly PaymentState[]> = { creating: [], pending: ['pending'], paid: ['pending', 'paid'], expired: ['pending', 'expired'], failed: ['failed'] }

t.test('every payment changes its state as the table says, and never otherwise', async (t) => {
  const app = await startPayments(t)
  const customerId = await app.newCustomer()
  const invoice = (id: string): ProviderInvoice => ({
    id: `invoice of ${id}`, externalId: id, status: 'expired', amountIdr: 25_000, paidAmountIdr: undefined, currency: 'IDR', checkoutUrl: 'http://127.0.0.1/', expiresAt: undefined,
  })
  const change = async (to: PaymentState, id: string): Promise<boolean> => {
    if (to === 'pending') return (await rememberInvoice(app.ctx, id, invoice(id)))?.pendingAt !== null && (await app.stateOf(id)) === 'pending'
    const mark = { paid: markPaid, expired: markExpired, failed: markFailed }[to as 'paid' | 'expired' | 'failed']
    return (await transact(app.ctx, (tx) => mark(tx, id))) !== undefined
  }
  for (const from of STATES) {
    for (const to of STATES.filter((state) => state !== 'creating' && state !== from)) {
      const { id } = await app.newPayment({ customerId })
      for (const step of PATH[from]) await change(step, id)
      t.equal(await app.stateOf(id), from)
      const before = await findPayment(app.ctx.sql, id)
      const isAllowed = TABLE[from].includes(to)
      const outcomes = to === 'pending' ? [await change(to, id)] : await Promise.all([change(to, id), change(to, id)])
      t.equal(outcomes.filter(Boolean).length, isAllowed ? 1 : 0, `${from} → ${to}: ${isAllowed ? 'one of two at once' : 'refused'}`)
      t.equal(await app.stateOf(id), isAllowed ? to : from)
      t.equal((await findPayment(app.ctx.sql, id))!.version, before!.version + (isAllowed ? 1 : 0))
    }
  }
})

t.test('the database itself keeps what the states promise', async (t) => {
  const app = await startPayments(t)
  const { id } = await app.newPayment()
  const set = (assignment: string) => app.query(`update payments set ${assignment} where id = $1`, [id])
  await t.rejects(set(`state = 'pending'`), /check constraint/, 'pending without an invoice')
  await t.rejects(set(`state = 'paid'`), /check constraint/, 'paid without a time')
  await t.rejects(set(`state = 'lost'`), /check constraint/)
  await t.rejects(set('amount_idr = 0'), /check constraint/)
})
