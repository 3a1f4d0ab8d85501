import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { account, post } from '../modules/ledger/index.ts'
import { createInvoice, markPaid, postingKeyOfPayment, sweepInbox, type Payment } from '../modules/payments/index.ts'
import { approveRefund, findRefund, insertRefund, judgeRefundEvent, planRefund, type Refund } from '../modules/refunds/index.ts'
import type { Ctx } from '../platform/ctx.ts'
import { transact } from '../platform/database.ts'
import { smallestHooks, startPayments } from './payments.ts'

export type RefundsApp = Awaited<ReturnType<typeof startRefunds>>

/** Replicas with payments whose money lies in the payer's wallet, and everything that refunds do, by hand: no workers. */
export async function startRefunds(t: Test, options: Parameters<typeof startPayments>[1] = {}) {
  const app = await startPayments(t, options)
  const { ctx, xendit, simulators } = app
  const hooks = { ...smallestHooks, judges: { refund: judgeRefundEvent } }
  const [staffId, packageId] = [randomUUID(), randomUUID()]
  await app.query('insert into packages (id, minutes, price_idr) values ($1, 15, 25000)', [packageId])

  /** A payment of a cancelled session, paid at the provider; its money is in the wallet. */
  const newPaid = async (amountIdr = 25_000): Promise<Payment> => {
    const customerId = await app.newCustomer()
    const payment = await createInvoice(ctx, (await app.newPayment({ customerId, amountIdr })).id)
    await app.query(`insert into chat_sessions (id, state, customer_id, package_id, minutes, price_idr, mitra_share_percent, ended_at) values ($1, 'cancelled', $2, $3, 15, $4, 70, app_now())`,
      [payment.sessionId, customerId, packageId, amountIdr])
    simulators.control.setFaults({ xendit: { webhooks: { drop: 1 } } })
    await xendit.pay(payment.providerInvoiceId!)
    simulators.control.resetFaults()
    await transact(ctx, async (tx) => {
      await markPaid(tx, payment.id)
      await post(tx, {
        key: postingKeyOfPayment(payment.id, payment.providerInvoiceId!), flow: 'late_payment', sessionId: payment.sessionId, paymentId: payment.id,
        entries: [{ account: account.providerClearing, amountIdr: -amountIdr }, { account: account.wallet(customerId), amountIdr }],
      })
    })
    return payment
  }
  /** An approved refund, not sent. */
  const approve = (payment: Payment, amountIdr: number): Promise<Refund> => transact(ctx, async (tx) => {
    const plan = await planRefund(tx, { paymentId: payment.id, amountIdr, clawback: false, method: 'provider' })
    const refund = await insertRefund(tx, plan.payment, { reason: 'a test', requestedBy: staffId, requestedByKind: 'staff', amountIdr })
    return approveRefund(tx, refund, plan, { decidedBy: staffId })
  })

  return {
    ...app, newPaid, approve, hooks,
    row: async (id: string): Promise<Refund> => (await findRefund(ctx.sql, id))!,
    /** The refunds that the provider has of a payment. */
    made: (payment: Payment) => xendit.refunds.all(payment.providerInvoiceId!),
    async drain(contexts: readonly Ctx[] = [ctx]): Promise<void> {
      while ((await Promise.all(contexts.map((one) => sweepInbox(one, hooks, { waitedSeconds: 0, limit: 20 })))).some((ran) => ran > 0));
    },
  }
}
