import { type Configuration, Invoice } from 'xendit-node'
import type { Env } from '../../platform/env.ts'
import { GatewayError, type InvoiceStatus, type NewInvoice, type PaymentGateway, type ProviderInvoice } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { createXenditCall, recordOf, textOf, type XenditOptions } from './xendit-call.ts'

class InvoiceClient extends Invoice {
  constructor(options: XenditOptions, configuration: Configuration) {
    super(options)
    this.configuration = configuration
  }
}

/** Xendit's invoices behind the port. Every failure is a `GatewayError`; nothing is tried twice here. */
export function createXenditGateway(env: Env, log: Log, metrics: Metrics, options: { timeoutMs?: number } = {}): PaymentGateway {
  const callXendit = createXenditCall(env, log, metrics, options)
  const call = (name: string, act: (client: InvoiceClient) => Promise<unknown>) =>
    callXendit(name, (settings, configuration) => new InvoiceClient(settings, configuration), act)

  async function getInvoice(id: string): Promise<ProviderInvoice | undefined> {
    try {
      return readInvoice(await call('get', (client) => client.getInvoiceById({ invoiceId: id })))
    } catch (error) {
      if (error instanceof GatewayError && error.status === 404) return undefined
      throw error
    }
  }

  return {
    enabled: env.XENDIT_ENABLED,
    getInvoice,
    async createInvoice(invoice) {
      return readInvoice(await call('create', (client) => client.createInvoice({ data: requestOf(invoice) })))
    },
    async findInvoiceByExternalId(externalId) {
      const list = await call('list', (client) => client.getInvoices({ externalId }))
      if (!Array.isArray(list)) throw new GatewayError('unreadable', 'the list of invoices is not one')
      // Whether Xendit keeps external ids unique is unverified: of several the one with money counts, then one that can get it.
      const found = list.map(readInvoice).filter((invoice) => invoice.externalId === externalId)
      return found.find((invoice) => invoice.status === 'paid') ?? found.find((invoice) => invoice.status === 'pending') ?? found[0]
    },
    async expireInvoice(id) {
      try {
        return readInvoice(await call('expire', (client) => client.expireInvoice({ invoiceId: id })))
      } catch (error) {
        // Refused: the payer was quicker, or it is over already. The code of this refusal is not documented.
        const invoice = error instanceof GatewayError && error.reason === 'refused' ? await getInvoice(id) : undefined
        if (!invoice) throw error
        return invoice
      }
    },
  }
}

function requestOf(invoice: NewInvoice) {
  return {
    externalId: invoice.externalId,
    amount: invoice.amountIdr,
    currency: 'IDR',
    invoiceDuration: invoice.durationSeconds,
    description: invoice.description,
    successRedirectUrl: invoice.successUrl,
    failureRedirectUrl: invoice.failureUrl,
  }
}

/** An invoice as the provider tells of it. Throws `unreadable` when what matters is missing. */
export function readInvoice(json: unknown): ProviderInvoice {
  const fields = recordOf(json)
  const { id, external_id: externalId, amount } = fields
  if (typeof id !== 'string' || typeof externalId !== 'string' || typeof amount !== 'number') {
    throw new GatewayError('unreadable', 'the invoice lacks its id, external id or amount')
  }
  const expiresAt = new Date(textOf(fields['expiry_date']))
  return {
    id,
    externalId,
    amountIdr: amount,
    status: statusOf(fields['status']),
    paidAmountIdr: typeof fields['paid_amount'] === 'number' ? fields['paid_amount'] : undefined,
    currency: textOf(fields['currency']) || 'IDR',
    checkoutUrl: textOf(fields['invoice_url']),
    expiresAt: Number.isNaN(expiresAt.getTime()) ? undefined : expiresAt,
    paymentId: textOf(fields['payment_id']) || undefined,
    channel: textOf(fields['payment_channel']) || undefined,
  }
}

const STATUSES: Readonly<Record<string, InvoiceStatus>> = { PENDING: 'pending', PAID: 'paid', SETTLED: 'paid', EXPIRED: 'expired' }

function statusOf(status: unknown): InvoiceStatus {
  return STATUSES[textOf(status).toUpperCase()] ?? 'unknown'
}
