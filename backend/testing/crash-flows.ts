import type { CrashPoint } from '../platform/crash-points.ts'
import type { Acts } from './crash-acts.ts'
import { refundInFlow } from './refund-flows.ts'
import { eventually } from './wait.ts'

/** A flow of money and sessions from its beginning to its end, and the points that it is the one to pass. */
export type Flow = { points: readonly CrashPoint[]; run(acts: Acts): Promise<void> }

export const FLOWS = {
  /** Asked for, paid, accepted, talked, ended by the customer. */
  served: {
    points: [
      'idempotency.claimed', 'session.asking', 'session.asked', 'invoice.claimed', 'invoice.noted', 'invoice.made', 'invoice.remembered', 'idempotency.answered',
      'webhook.received', 'webhook.stored', 'webhook.enqueued', 'inbox.claimed', 'inbox.asked', 'payment.applying', 'payment.applied', 'inbox.applied',
      'push.claimed', 'push.begun', 'push.sent', 'publish.flushing', 'offer.accepting', 'offer.accepted', 'clock.starting', 'clock.started',
      'message.storing', 'message.stored', 'message.published', 'message.acking', 'session.finishing', 'session.returned', 'session.settled', 'session.finished',
    ],
    async run(acts) {
      const sessionId = await acts.start()
      await acts.pay(sessionId)
      await acts.answer(acts.cast.mitra, 'accept')
      await acts.talk(sessionId, acts.cast.mitra)
      await acts.end(sessionId)
    },
  },
  /** An address that is proven by the code that arrives there, and given up again: both mailboxes hear of it. */
  lettered: {
    points: ['letter.claimed', 'letter.begun', 'letter.sent'],
    async run(acts) {
      const { customer } = acts.cast
      const address = `${customer.id}@surat.example`
      await acts.askEmail(address)
      const code = await eventually(() => /^\d{6}$/m.exec(acts.place.simulators.control.mail.messages(address)[0]?.text ?? '')?.[0], 'the code arrives', { timeoutMs: 60_000 })
      await acts.proveEmail(code)
      await acts.insist(customer, 'DELETE', '/api/v1/me/email')
      await eventually(() => acts.place.simulators.control.mail.messages(address).some(({ text }) => !text.includes(code)), 'they are told', { timeoutMs: 60_000 })
    },
  },
  /** A hold that nobody pays for is let go; then one that was paid without our knowing: the money goes to the wallet, and from there into the next. */
  cancelled: {
    points: ['closing.marking', 'closing.marked', 'closing.answered', 'closing.ending', 'closing.ended', 'outbox.claimed', 'outbox.run'],
    async run(acts) {
      const unpaid = await acts.start()
      await acts.invoiceOf(unpaid)
      await acts.cancel(unpaid)
      await acts.until(unpaid, 'cancelled')
      const paid = await acts.start({ minutes: 30 })
      await acts.paySilently(paid)
      await acts.cancel(paid)
      await acts.until(paid, 'cancelled')
      const fromWallet = await acts.start({ minutes: 60, useWallet: true })
      await acts.invoiceOf(fromWallet)
      await acts.cancel(fromWallet)
      await acts.until(fromWallet, 'cancelled')
    },
  },
  /** Paid without a word: the provider's list tells of it; then of its fee. */
  reconciled: {
    points: ['reconciliation.listed', 'reconciliation.healing', 'reconciliation.healed', 'fee.posting', 'fee.posted'],
    async run(acts) {
      const sessionId = await acts.start()
      const invoiceId = await acts.invoiceOf(sessionId)
      await acts.paySilently(sessionId)
      await acts.staff(acts.cast.finance, 'POST', '/reconciliations', { hours: 1 })
      await acts.until(sessionId, 'ringing')
      await acts.place.simulators.control.xendit.settle(invoiceId, false)
      await acts.staff(acts.cast.finance, 'POST', '/reconciliations', { hours: 1 })
      await eventually(async () => (await acts.place.query('select 1 from statement_lines where id = $1', [`txn_${invoiceId}`])).length > 0, 'the fee is posted', { timeoutMs: 60_000 })
      await acts.cancel(sessionId)
      await acts.until(sessionId, 'cancelled')
    },
  },
  /** The first mitra says no, the next one takes it. */
  declined: {
    points: ['offer.declining', 'offer.declined'],
    async run(acts) {
      const sessionId = await acts.start({ anyMitra: true })
      await acts.pay(sessionId)
      await acts.answer(acts.cast.mitra, 'decline')
      await acts.answer(acts.cast.other, 'accept')
      await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
      await acts.end(sessionId)
    },
  },
  /** The mitra goes missing in the middle and comes back. */
  paused: {
    points: ['pause.beginning', 'pause.begun', 'pause.ending', 'pause.ended'],
    async run(acts) {
      const sessionId = await acts.start()
      await acts.pay(sessionId)
      await acts.answer(acts.cast.mitra, 'accept')
      await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
      await acts.vanish(acts.cast.mitra, sessionId)
      await acts.reappear(acts.cast.mitra)
      await acts.until(sessionId, 'active')
      await acts.end(sessionId)
    },
  },
  /** An hour that is extended by a quarter of an hour, and ends while another extension waits for its money. */
  extended: {
    points: ['extension.asking', 'extension.asked', 'extension.applying', 'extension.applied', 'extension.dropping', 'extension.dropped'],
    async run(acts) {
      const sessionId = await acts.start({ minutes: 60 })
      await acts.pay(sessionId)
      await acts.answer(acts.cast.mitra, 'accept')
      await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
      await acts.payInvoice(await acts.extend(sessionId, 15))
      await acts.untilExtended(sessionId, 'funded')
      await acts.extend(sessionId, 30)
      await acts.end(sessionId)
      await acts.untilExtended(sessionId, 'dropped')
    },
  },
  /** A served session, tipped out of an invoice and, with what somebody gives up again, out of the wallet. */
  tipped: {
    points: ['tip.asking', 'tip.asked'],
    async run(acts) {
      const sessionId = await acts.start()
      await acts.pay(sessionId)
      await acts.answer(acts.cast.mitra, 'accept')
      await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
      await acts.end(sessionId)
      await acts.tip(sessionId, 15_000)
      const given = await acts.start({ minutes: 30 })
      await acts.paySilently(given)
      await acts.cancel(given)
      await acts.until(given, 'cancelled')
      await acts.tip(sessionId, 20_000, { useWallet: true })
    },
  },
  /** What waits is given up, and the customer is erased. */
  erased: {
    points: ['erasure.asking', 'erasure.asked', 'erasure.erasing', 'erasure.erased'],
    async run(acts) {
      const served = await acts.start()
      await acts.pay(served)
      await acts.answer(acts.cast.mitra, 'accept')
      await acts.talk(served, acts.cast.mitra)
      await acts.end(served)
      const waiting = await acts.start({ minutes: 30 })
      await acts.invoiceOf(waiting)
      await acts.erase()
    },
  },
  /** Credit that one member of staff may give, and as much again, which needs two; then the customer spends some of it. */
  credited: {
    points: ['credit.giving', 'credit.given', 'earning.holding'],
    async run(acts) {
      const credit = { amountIdr: 300_000, reason: 'we are sorry' }
      await acts.staff(acts.cast.finance, 'POST', `/customers/${acts.cast.customer.id}/credit`, credit)
      await acts.approve(await acts.staff(acts.cast.finance, 'POST', `/customers/${acts.cast.customer.id}/credit`, credit))
      const sessionId = await acts.start({ useWallet: true })
      await acts.answer(acts.cast.mitra, 'accept')
      await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
      await acts.end(sessionId)
    },
  },
  /** Asked for with a promo code and given up before anybody has answered: the code can be used again. */
  promo: {
    points: ['promo.returning', 'promo.given-back'],
    async run(acts) {
      const promoCode = await acts.promoCode()
      const sessionId = await acts.start({ promoCode })
      await acts.invoiceOf(sessionId)
      await acts.cancel(sessionId)
      await acts.until(sessionId, 'cancelled')
      await eventually(async () => (await acts.place.query(`select 1 from promo_codes where code = $1 and spent_idr = 0`, [promoCode])).length === 1, 'the budget is given back', { timeoutMs: 60_000 })
    },
  },
  /** Less is paid than was asked: two members of staff put it into the wallet. */
  suspended: {
    points: ['suspense.resolving', 'suspense.resolved', 'approval.deciding', 'approval.decided'],
    async run(acts) {
      const sessionId = await acts.start()
      await acts.pay(sessionId, 20_000)
      const item = await eventually(async () => {
        const rows = await acts.place.query<{ id: string }>(`select id from suspense_items where customer_id = $1`, [acts.cast.customer.id])
        return rows[0]
      }, 'the money is suspended', { timeoutMs: 60_000 })
      await acts.approve(await acts.staff(acts.cast.finance, 'POST', `/suspense/${item.id}/resolve`, { to: 'wallet', reason: 'they paid too little' }))
      await acts.cancel(sessionId)
      await acts.until(sessionId, 'cancelled')
    },
  },
  /** Twice a part of what was paid is given back: the provider tells of the first, and has to be asked about the second. */
  refunded: {
    points: [
      'refund.requesting', 'refund.requested', 'refund.approving', 'refund.approved', 'refund.claimed', 'refund.noted', 'refund.made', 'refund.remembered', 'refund.asked',
      'refund.settling', 'refund.settled',
    ],
    async run(acts) {
      const sessionId = await acts.start()
      await acts.pay(sessionId)
      await acts.answer(acts.cast.mitra, 'accept')
      await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
      await refundInFlow(acts, sessionId, 10_000, true)
      await refundInFlow(acts, sessionId, 5_000, false)
      await acts.end(sessionId)
    },
  },
  /** What an hour has earned is paid out: asked for, gathered, approved by another, sent, and the bank says so. */
  paidOut: {
    points: [
      'payout.requesting', 'payout.requested', 'batch.approving', 'batch.approved', 'payout.sending', 'payout.sent', 'payout.made', 'payout.remembered',
      'payout.asked', 'payout.settling', 'payout.settled',
    ],
    async run(acts) {
      const { mitra, finance } = acts.cast
      const sessionId = await acts.start({ minutes: 60 })
      await acts.pay(sessionId)
      await acts.answer(mitra, 'accept')
      await acts.insist(acts.cast.customer, 'GET', `/api/v1/sessions/${sessionId}`)
      await acts.end(sessionId)
      await acts.insist(mitra, 'PUT', '/api/v1/mitra/bank-account', { body: { bankCode: 'BCA', accountNumber: '7310284596', accountHolderName: 'I Made Wirawan' } })
      await acts.askForPayout(mitra)
      const { body: { batch } } = await acts.staff(finance, 'POST', '/payouts', { kind: 'requested' })
      await acts.approve(await acts.staff(finance, 'POST', `/payout-batches/${batch.id}/submit`, { reason: 'the payouts of today' }))
      await acts.bankPays(mitra)
    },
  },
} as const satisfies Record<string, Flow>

export type FlowName = keyof typeof FLOWS

/** The flow that is run to meet a point. */
export function flowOf(point: CrashPoint): FlowName {
  const found = (Object.keys(FLOWS) as FlowName[]).find((name) => (FLOWS[name].points as readonly CrashPoint[]).includes(point))
  if (found === undefined) throw new Error(`no flow passes ${point}`)
  return found
}
