import { Payout as XenditPayoutClient, type Configuration } from 'xendit-node'
import type { Env } from '../../platform/env.ts'
import { GatewayError, type PayoutGateway, type ProviderPayout } from '../../platform/gateways.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { createXenditCall, recordOf, textOf, type XenditOptions } from '../payments/index.ts'
import { statusOf } from './rules.ts'

class PayoutClient extends XenditPayoutClient {
  constructor(options: XenditOptions, configuration: Configuration) {
    super(options)
    this.configuration = configuration
  }
}

/** More payouts than this under one reference there cannot be: the reference is the idempotency key. */
const LISTED = 100

/** Xendit's payouts behind the port. Every failure is a `GatewayError`; nothing is tried twice here. */
export function createXenditPayouts(env: Env, log: Log, metrics: Metrics, options: { timeoutMs?: number } = {}): PayoutGateway {
  const callXendit = createXenditCall(env, log, metrics, options)
  const call = (name: string, act: (client: PayoutClient) => Promise<unknown>) =>
    callXendit(name, (settings, configuration) => new PayoutClient(settings, configuration), act)

  return {
    async createPayout({ id, channelCode, accountNumber, holderName, amountIdr, description }) {
      return readPayout(await call('payout-create', (client) => client.createPayout({
        idempotencyKey: id,
        data: { referenceId: id, channelCode, channelProperties: { accountNumber, accountHolderName: holderName }, amount: amountIdr, currency: 'IDR', description },
      })))
    },
    async getPayout(id) {
      try {
        return readPayout(await call('payout-get', (client) => client.getPayoutById({ id })))
      } catch (error) {
        if (error instanceof GatewayError && error.status === 404) return undefined
        throw error
      }
    },
    async findPayout(referenceId) {
      const list = await call('payout-list', (client) => client.getPayouts({ referenceId, limit: LISTED }))
      // Xendit's reference shows the payouts themselves, its SDK an object around them.
      const data = Array.isArray(list) ? list : recordOf(list)['data']
      if (!Array.isArray(data)) throw new GatewayError('unreadable', 'the list of payouts is not one')
      // Of several, which there should never be, the one that sent money counts.
      const found = data.map(readPayout).filter((payout) => payout.referenceId === referenceId)
      return found.find((payout) => payout.status === 'succeeded') ?? found.find((payout) => payout.status === 'waiting') ?? found[0]
    },
  }
}

/** A payout as the provider tells of it. Throws `unreadable` when what matters is missing. */
export function readPayout(json: unknown): ProviderPayout {
  const fields = recordOf(json)
  const { id, reference_id: referenceId, amount } = fields
  if (typeof id !== 'string' || typeof referenceId !== 'string' || typeof amount !== 'number') {
    throw new GatewayError('unreadable', 'the payout lacks its id, reference or amount')
  }
  return { id, referenceId, amountIdr: amount, currency: textOf(fields['currency']), status: statusOf(textOf(fields['status'])), failureCode: textOf(fields['failure_code']) || undefined }
}
