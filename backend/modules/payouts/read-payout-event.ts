import { recordOf } from '../payments/index.ts'
import { statusOf, type ProviderStatus } from './rules.ts'

/** What a webhook about a payout claims. None of it is believed; it only says where to look. */
export type PayoutEvent = { providerId: string; referenceId: string | undefined; status: ProviderStatus; amountIdr: number | undefined; currency: string | undefined }

/** Reads leniently what is needed, in the documented envelope (or without it); undefined: the body is not about a payout of anybody. */
export function readPayoutEvent(body: Buffer): PayoutEvent | undefined {
  const whole = parse(body)
  const data = recordOf(whole['data'])
  const fields = typeof data['id'] === 'string' ? data : Object.hasOwn(data, 'data') ? recordOf(data['data']) : whole
  const { id, reference_id: referenceId, status, amount, currency } = fields
  if (typeof id !== 'string' || id === '' || typeof status !== 'string') return undefined
  return {
    providerId: id, status: statusOf(status),
    referenceId: typeof referenceId === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(referenceId) ? referenceId : undefined,
    amountIdr: typeof amount === 'number' ? amount : undefined, currency: typeof currency === 'string' ? currency : undefined,
  }
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return recordOf(JSON.parse(body.toString('utf8')))
  } catch {
    return {}
  }
}
