import { type Configuration, Refund } from 'xendit-node'
import type { Env } from '../../platform/env.ts'
import { GatewayError, type ProviderRefund, type RefundGateway } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { createXenditCall, recordOf, textOf, type XenditOptions } from '../payments/index.ts'

class RefundClient extends Refund {
  constructor(options: XenditOptions, configuration: Configuration) {
    super(options)
    this.configuration = configuration
  }
}

const PAGE = 100
/** An invoice has a handful of refunds; a list that never ends is none. */
const PAGES_MAX = 20

/** Xendit's refunds behind the port. Every failure is a `GatewayError`; nothing is tried twice here. */
export function createXenditRefunds(env: Env, log: Log, metrics: Metrics, options: { timeoutMs?: number } = {}): RefundGateway {
  const callXendit = createXenditCall(env, log, metrics, options)
  const call = (name: string, act: (client: RefundClient) => Promise<unknown>) =>
    callXendit(name, (settings, configuration) => new RefundClient(settings, configuration), act)

  return {
    async createRefund(refund) {
      return readRefund(await call('refund-create', (client) => client.createRefund({
        idempotencyKey: refund.id,
        data: { invoiceId: refund.invoiceId, referenceId: refund.id, amount: refund.amountIdr, currency: 'IDR', reason: refund.reason },
      })))
    },
    async getRefund(id) {
      try {
        return readRefund(await call('refund-get', (client) => client.getRefund({ refundID: id })))
      } catch (error) {
        if (error instanceof GatewayError && error.status === 404) return undefined
        throw error
      }
    },
    async findRefund(invoiceId, referenceId) {
      let afterId: string | undefined
      for (let page = 0; page < PAGES_MAX; page++) {
        const list = recordOf(await call('refund-list', (client) => client.getAllRefunds({ invoiceId, limit: PAGE, ...(afterId === undefined ? {} : { afterId }) })))
        const rows = list['data']
        if (!Array.isArray(rows)) throw new GatewayError('unreadable', 'the list of refunds is not one')
        const found = rows.map(readRefund).find((refund) => refund.referenceId === referenceId)
        if (found) return found
        afterId = textOf(recordOf(rows.at(-1))['id'])
        if (list['has_more'] !== true || afterId === '') return undefined
      }
      throw new GatewayError('unreadable', 'the list of refunds does not end')
    },
  }
}

/** A refund as the provider tells of it. Throws `unreadable` when what matters is missing. */
export function readRefund(json: unknown): ProviderRefund {
  const fields = recordOf(json)
  const { id, amount } = fields
  if (typeof id !== 'string' || typeof amount !== 'number') throw new GatewayError('unreadable', 'the refund lacks its id or amount')
  return {
    id,
    referenceId: textOf(fields['reference_id']) || undefined,
    invoiceId: textOf(fields['invoice_id']) || undefined,
    amountIdr: amount,
    currency: textOf(fields['currency']) || 'IDR',
    status: STATUSES[textOf(fields['status']).toUpperCase()] ?? 'unknown',
    failureCode: textOf(fields['failure_code']) || undefined,
  }
}

const STATUSES: Readonly<Record<string, ProviderRefund['status']>> = { PENDING: 'pending', SUCCEEDED: 'succeeded', FAILED: 'failed', CANCELLED: 'cancelled' }
