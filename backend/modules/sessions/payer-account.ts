import type { Tx } from '../../platform/ctx.ts'
import { findPeople } from '../identity/index.ts'
import { account } from '../ledger/index.ts'
import { openSuspense, type ApplyPayment, type Payment } from '../payments/index.ts'

type Confirmed = Parameters<ApplyPayment>[1]

/** Where `amountIdr` of theirs goes; money of somebody who is banned or erased waits for staff. */
export async function accountOfPayer(tx: Tx, payment: Payment, confirmed: Confirmed, amountIdr: number): Promise<string> {
  const payer = (await findPeople(tx.sql, [payment.customerId])).get(payment.customerId)
  if (amountIdr === 0 || (payer && !payer.bannedAt && !payer.erasedAt)) return account.wallet(payment.customerId)
  const { account: name } = await openSuspense(tx, {
    eventId: confirmed.eventId, paymentId: payment.id, providerPaymentId: confirmed.providerPaymentId, customerId: payment.customerId, amountIdr, reason: 'payer_gone',
  })
  return name
}
