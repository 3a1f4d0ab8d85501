import { eq } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { notify } from '../notifications/index.ts'
import type { Payment } from '../payments/index.ts'
import { purchases } from './tables.ts'

/** The receipt of money that did what it was for. */
export async function tellPaid(tx: Tx, payment: Payment, at: Date): Promise<void> {
  const about = { userId: payment.customerId, dedupeKey: `payment:${payment.id}:paid`, data: dataOf(payment) }
  const variables = { amount: payment.amountIdr, at: at.toISOString(), number: payment.id }
  if (payment.kind === 'tip') return notify(tx, [{ ...about, template: 'payment.tip_paid', variables }])
  const [bought] = await tx.sql.select({ minutes: purchases.minutes }).from(purchases).where(eq(purchases.id, payment.purchaseId))
  if (!bought) throw new Error('a payment has its purchase')
  return notify(tx, [{ ...about, template: 'payment.paid', variables: { ...variables, minutes: bought.minutes } }])
}

/** Nobody waited for this money any more: it went to the wallet. `key` is its posting's. */
export async function tellToWallet(tx: Tx, payment: Payment, key: string, amountIdr: number): Promise<void> {
  await notify(tx, [{ userId: payment.customerId, template: 'payment.to_wallet', variables: { amount: amountIdr }, dedupeKey: `${key}:to-wallet`, data: dataOf(payment) }])
}

/** More was paid than was asked for. */
export async function tellSurplus(tx: Tx, payment: Payment, key: string, amountIdr: number): Promise<void> {
  await notify(tx, [{ userId: payment.customerId, template: 'payment.surplus', variables: { amount: amountIdr }, dedupeKey: `${key}:surplus`, data: dataOf(payment) }])
}

/** The time to pay ran out, and with it what was waiting for the money. */
export async function tellExpired(tx: Tx, payment: Payment): Promise<void> {
  await notify(tx, [{ userId: payment.customerId, template: 'payment.expired', variables: { amount: payment.amountIdr }, dedupeKey: `payment:${payment.id}:expired`, data: dataOf(payment) }])
}

function dataOf({ id, sessionId }: Payment): Record<string, string> {
  return { paymentId: id, sessionId }
}
