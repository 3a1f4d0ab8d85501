import type { PaymentView } from './contract.ts'
import type { Payment } from './types.ts'

/** A payment as its payer sees it; the checkout's address only while it can be paid. */
export function paymentView(payment: Payment): PaymentView {
  return {
    id: payment.id,
    state: payment.state,
    amountIdr: payment.amountIdr,
    walletIdr: payment.walletIdr,
    ...(payment.state === 'pending' && payment.checkoutUrl !== null ? { checkoutUrl: payment.checkoutUrl } : {}),
    expiresAt: payment.expiresAt.toISOString(),
  }
}
