import { randomUUID } from 'node:crypto'
import { createXenditGateway } from '../modules/payments/index.ts'
import { createXenditPayouts } from '../modules/payouts/index.ts'
import { createXenditStatements } from '../modules/reconciliation/index.ts'
import { createXenditRefunds } from '../modules/refunds/index.ts'
import type { Env } from '../platform/env.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Recorder } from './recorder.ts'

export type Parts = { env: Env; log: Log; metrics: Metrics; timeoutMs: number; recorder: Recorder; with: (overrides: Record<string, string>) => Env }
export type XenditOptions = {
  /** Payouts and refunds of the test account, too. */
  moveMoney: boolean
  /** An invoice of the test account that was paid. */
  paidInvoiceId: string | undefined
}

const NO_INVOICE = '0'.repeat(24)
const NO_PAYOUT = `disb-${randomUUID()}`
const NO_REFUND = `rfd-${randomUUID()}`
const TWO_DAYS_MS = 48 * 3_600_000
const LEAST_IDR = 10_000

/** Every call of our gateways to Xendit, and the refusals that harm nobody. Makes two invoices and ends them. */
export async function probeXendit({ env, log, metrics, timeoutMs, recorder, with: open }: Parts, options: XenditOptions): Promise<void> {
  const { call } = recorder
  const gatewaysOf = (account: Env) => ({
    invoices: createXenditGateway(account, log, metrics, { timeoutMs }),
    payouts: createXenditPayouts(account, log, metrics, { timeoutMs }),
    refunds: createXenditRefunds(account, log, metrics, { timeoutMs }),
    statements: createXenditStatements(account, log, metrics, { timeoutMs }),
  })
  const { invoices, payouts, refunds, statements } = gatewaysOf(env)
  const strangers = gatewaysOf(open({ XENDIT_SECRET_KEY: `xnd_development_${randomUUID()}` }))

  await call('balance', 'GET /balance', () => statements.balanceIdr())
  await call('wrong-key', 'GET /balance', () => strangers.statements.balanceIdr(), { isMeant: true })

  const order = {
    externalId: randomUUID(), amountIdr: LEAST_IDR, durationSeconds: 600, description: 'Probe of the API',
    successUrl: 'https://example.com/success', failureUrl: 'https://example.com/failure',
  }
  const invoice = await call('invoice-create', 'POST /v2/invoices/', () => invoices.createInvoice(order))
  const again = await call('invoice-create-again', 'POST /v2/invoices/', () => invoices.createInvoice(order))
  await call('invoice-create-invalid', 'POST /v2/invoices/', () => invoices.createInvoice({ ...order, externalId: randomUUID(), amountIdr: -1 }))
  await call('invoice-get-unknown', 'GET /v2/invoices/:id', () => invoices.getInvoice(NO_INVOICE))
  await call('invoice-list', 'GET /v2/invoices?external_id', () => invoices.findInvoiceByExternalId(order.externalId))
  await call('invoice-list-unknown', 'GET /v2/invoices?external_id', () => invoices.findInvoiceByExternalId(randomUUID()))
  await call('invoice-expire-unknown', 'POST /invoices/:id/expire!', () => invoices.expireInvoice(NO_INVOICE))
  if (invoice) {
    await call('invoice-get', 'GET /v2/invoices/:id', () => invoices.getInvoice(invoice.id))
    await call('invoice-expire', 'POST /invoices/:id/expire!', () => invoices.expireInvoice(invoice.id))
    await call('invoice-expire-expired', 'POST /invoices/:id/expire!', () => invoices.expireInvoice(invoice.id))
  }
  if (again) await invoices.expireInvoice(again.id)

  const until = new Date()
  await call('invoice-list-paid', 'GET /v2/invoices?paid_after', () => statements.listInvoices({ paidAfter: new Date(until.getTime() - TWO_DAYS_MS), paidBefore: until }))
  await call('transactions', 'GET /transactions', () => statements.listLines({ updatedAfter: new Date(until.getTime() - 15 * TWO_DAYS_MS) }))
  await call('payout-get-unknown', 'GET /v2/payouts/:id', () => payouts.getPayout(NO_PAYOUT))
  await call('payout-list-unknown', 'GET /v2/payouts', () => payouts.findPayout(randomUUID()))
  const payout = { id: randomUUID(), channelCode: 'ID_BCA', accountNumber: '1234567890', holderName: 'Probe', amountIdr: LEAST_IDR, description: 'Probe' }
  await call('payout-create-invalid', 'POST /v2/payouts', () => payouts.createPayout({ ...payout, id: randomUUID(), amountIdr: -1 }))
  await call('refund-get-unknown', 'GET /refunds/:id', () => refunds.getRefund(NO_REFUND))
  await call('refund-list-unknown', 'GET /refunds?invoice_id', () => refunds.findRefund(NO_INVOICE, randomUUID()))
  await call('refund-create-unknown', 'POST /refunds', () => refunds.createRefund({ id: randomUUID(), invoiceId: NO_INVOICE, amountIdr: LEAST_IDR, reason: 'OTHERS' }))

  const { paidInvoiceId, moveMoney } = options
  if (paidInvoiceId !== undefined) {
    await call('invoice-get-paid', 'GET /v2/invoices/:id', () => invoices.getInvoice(paidInvoiceId))
    await call('invoice-expire-paid', 'POST /invoices/:id/expire!', () => invoices.expireInvoice(paidInvoiceId))
  } else recorder.say('not asked without --paid-invoice: invoice-get-paid, invoice-expire-paid')
  if (!moveMoney) return recorder.say('not asked without --move-money: what makes payouts and refunds')

  const made = await call('payout-create', 'POST /v2/payouts', () => payouts.createPayout(payout))
  await call('payout-create-repeated', 'POST /v2/payouts', () => payouts.createPayout(payout))
  await call('payout-create-conflict', 'POST /v2/payouts', () => payouts.createPayout({ ...payout, amountIdr: LEAST_IDR + 1 }))
  await call('payout-list', 'GET /v2/payouts', () => payouts.findPayout(payout.id))
  if (made) await call('payout-get', 'GET /v2/payouts/:id', () => payouts.getPayout(made.id))
  if (paidInvoiceId === undefined) return
  const refund = { id: randomUUID(), invoiceId: paidInvoiceId, amountIdr: 1000, reason: 'OTHERS' } as const
  await call('refund-create-too-much', 'POST /refunds', () => refunds.createRefund({ ...refund, id: randomUUID(), amountIdr: 1_000_000_000 }))
  const given = await call('refund-create', 'POST /refunds', () => refunds.createRefund(refund))
  await call('refund-list', 'GET /refunds?invoice_id', () => refunds.findRefund(paidInvoiceId, refund.id))
  if (given) await call('refund-get', 'GET /refunds/:id', () => refunds.getRefund(given.id))
}
