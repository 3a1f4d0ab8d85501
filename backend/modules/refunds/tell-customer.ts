import type { Tx } from '../../platform/ctx.ts'
import { notify } from '../notifications/index.ts'
import type { Refund } from './tables.ts'

/** Tells the customer what became of a refund, once each. */
export async function tellCustomer(tx: Tx, refund: Refund, what: 'requested' | 'approved' | 'succeeded' | 'failed' | 'rejected'): Promise<void> {
  await notify(tx, [{
    userId: refund.customerId, template: `refund.${what}`, dedupeKey: `refund:${refund.id}:${what}`,
    data: { refundId: refund.id, paymentId: refund.paymentId },
  }])
}
