import type { RefundView } from './contract.ts'
import type { Refund } from './tables.ts'

export function refundView(refund: Refund): RefundView {
  return {
    id: refund.id, paymentId: refund.paymentId, state: refund.state, method: refund.method, reason: refund.reason, createdAt: refund.requestedAt.toISOString(),
    ...(refund.amountIdr === null ? {} : { amountIdr: refund.amountIdr }),
    ...(refund.failureCode === null ? {} : { failureCode: refund.failureCode }),
    ...(refund.settledAt === null ? {} : { settledAt: refund.settledAt.toISOString() }),
  }
}
