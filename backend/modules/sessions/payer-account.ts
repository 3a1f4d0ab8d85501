import type { Tx } from '../../platform/ctx.ts'
import { findOutOf, findPeople } from '../identity/index.ts'
import { account, findWalletAccount } from '../ledger/index.ts'
import { openSuspense, type ApplyPayment, type Payment } from '../payments/index.ts'

type Confirmed = Parameters<ApplyPayment>[1]

/** Where `amountIdr` of theirs goes; money of somebody who is suspended, banned, erased or has left their number to another waits for staff. */
export async function accountOfPayer(tx: Tx, payment: Payment, confirmed: Confirmed, amountIdr: number): Promise<string> {
  if (amountIdr === 0) return account.wallet(payment.customerId)
  const payer = (await findPeople(tx.sql, [payment.customerId])).get(payment.customerId)
  const wallet = payer && !payer.erasedAt && !(await findOutOf(tx.sql, payment.customerId)) ? await findWalletAccount(tx.sql, payment.customerId, payment.createdAt) : undefined
  if (wallet !== undefined) return wallet
  const { account: name } = await openSuspense(tx, {
    eventId: confirmed.eventId, paymentId: payment.id, providerPaymentId: confirmed.providerPaymentId, customerId: payment.customerId, amountIdr, reason: 'payer_gone',
  })
  return name
}
