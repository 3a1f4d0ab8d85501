import { Configuration, Invoice, XenditSdkError } from 'xendit-node'
import type { Env } from '../../platform/env.ts'
import { GatewayError, type InvoiceStatus, type NewInvoice, type PaymentGateway, type ProviderInvoice } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'

const TIMEOUT_MS = 10_000

type FetchLike = (url: string, init?: RequestInit) => Promise<Response>

/** The SDK has neither a time-out nor a way to see the answer itself: its configuration is replaced by one that has. */
class InvoiceClient extends Invoice {
  constructor(options: { secretKey: string; xenditURL: string }, fetchApi: FetchLike) {
    super(options)
    this.configuration = new Configuration({
      basePath: options.xenditURL,
      // The SDK types this by the DOM's `fetch`; it only ever passes a string and an init.
      fetchApi: fetchApi as typeof fetch,
    })
  }
}

/** A refusal with the status that it came with. */
class XenditFailure extends GatewayError {
  readonly status: number
  constructor(status: number, detail: string, options?: ErrorOptions) {
    super(reasonOfStatus(status), detail, options)
    this.status = status
  }
}

/** Xendit's invoices behind the port. Every failure is a `GatewayError`; nothing is tried twice here. */
export function createXenditGateway(env: Env, log: Log, metrics: Metrics, options: { timeoutMs?: number } = {}): PaymentGateway {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const secretKey = env.XENDIT_SECRET_KEY ?? ''
  const xenditURL = env.XENDIT_BASE_URL.replace(/\/+$/, '')

  async function call(name: string, act: (client: InvoiceClient) => Promise<unknown>): Promise<unknown> {
    let answered: { json: unknown } | undefined
    const client = new InvoiceClient({ secretKey, xenditURL }, async (url, init) => {
      const { status, text } = await send(url, init, timeoutMs)
      const json = parseAnswer(status, text)
      if (status >= 200 && status < 300) answered = { json }
      return new Response(text, { status, headers: { 'content-type': 'application/json' } })
    })
    try {
      await act(client)
      metrics.providerCalls.inc({ provider: 'xendit', call: name, outcome: 'ok' })
    } catch (error) {
      // The SDK's models drop what we need (paid_amount) and stumble over fields that are missing: the answer counts.
      const failure = answered ? undefined : failureOf(error)
      metrics.providerCalls.inc({ provider: 'xendit', call: name, outcome: failure?.reason ?? 'ok' })
      if (failure) {
        log.warn({ provider: 'xendit', call: name, reason: failure.reason, detail: failure.message }, 'a call to the payment provider failed')
        throw failure
      }
    }
    return answered?.json
  }

  async function getInvoice(id: string): Promise<ProviderInvoice | undefined> {
    try {
      return readInvoice(await call('get', (client) => client.getInvoiceById({ invoiceId: id })))
    } catch (error) {
      if (error instanceof XenditFailure && error.status === 404) return undefined
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
        const invoice = error instanceof XenditFailure && error.reason === 'refused' ? await getInvoice(id) : undefined
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

async function send(url: string, init: RequestInit | undefined, timeoutMs: number): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    // Read here, so that an answer that stops halfway is the network's fault and under the same time-out.
    return { status: response.status, text: await response.text() }
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError'
    throw new GatewayError(isTimeout ? 'timeout' : 'unreachable', isTimeout ? `no answer in ${timeoutMs} ms` : 'the connection failed', { cause: error })
  }
}

// The SDK loses the status of an error that is not JSON (an HTML page of a proxy): it never sees one.
function parseAnswer(status: number, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (status >= 200 && status < 300) throw new GatewayError('unreadable', `status ${status} without JSON`, { cause: error })
    throw new XenditFailure(status, `status ${status} without JSON`, { cause: error })
  }
}

function failureOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof XenditSdkError) return new XenditFailure(Number(error.status), `status ${error.status} ${error.errorCode ?? ''}`.trim(), { cause: error })
  return new GatewayError('unreadable', 'the answer could not be read', { cause: error })
}

function reasonOfStatus(status: number): GatewayError['reason'] {
  if (status === 429) return 'limited'
  return status >= 400 && status < 500 ? 'refused' : 'unreachable'
}

/** Throws `unreadable` when what matters is missing. */
function readInvoice(json: unknown): ProviderInvoice {
  const fields = typeof json === 'object' && json !== null ? json as Record<string, unknown> : {}
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
  }
}

const STATUSES: Readonly<Record<string, InvoiceStatus>> = { PENDING: 'pending', PAID: 'paid', SETTLED: 'paid', EXPIRED: 'expired' }

function statusOf(status: unknown): InvoiceStatus {
  return STATUSES[textOf(status).toUpperCase()] ?? 'unknown'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
