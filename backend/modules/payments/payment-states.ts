import { and, eq, inArray, sql, type SQL } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { payments } from './tables.ts'
import type { PaidThrough, Payment, PaymentState } from './types.ts'

/** From which states a payment may come into each. `paid` is reached late too; it is never left. */
export const MAY_BECOME = {
  pending: ['creating'],
  failed: ['creating'],
  expired: ['pending'],
  paid: ['creating', 'pending', 'expired', 'failed'],
} as const satisfies Partial<Record<PaymentState, readonly PaymentState[]>>

type Stamp = { paidAt?: SQL; closedAt?: SQL; pendingAt?: SQL; providerInvoiceId?: string; checkoutUrl?: string; askAt?: SQL | null; providerPaymentId?: string | null; channel?: string | null }

/** One guarded change of state; undefined: the payment is not in a state that allows it. */
export async function changeState(handle: Queryable, paymentId: string, to: keyof typeof MAY_BECOME, stamp: Stamp): Promise<Payment | undefined> {
  const [changed] = await handle.update(payments)
    .set({ state: to, askAt: null, claimedUntil: null, version: sql`${payments.version} + 1`, ...stamp })
    .where(and(eq(payments.id, paymentId), inArray(payments.state, MAY_BECOME[to])))
    .returning()
  return changed
}

/** The money came, late or not: creating, pending, expired, failed → paid. */
export function markPaid(tx: Tx, paymentId: string, through?: PaidThrough): Promise<Payment | undefined> {
  return changeState(tx.sql, paymentId, 'paid', { paidAt: sql`app_now()`, providerPaymentId: through?.paymentId ?? null, channel: through?.channel ?? null })
}

/** The invoice ended unpaid: pending → expired. */
export function markExpired(tx: Tx, paymentId: string): Promise<Payment | undefined> {
  return changeState(tx.sql, paymentId, 'expired', { closedAt: sql`app_now()` })
}

/** There never was an invoice: creating → failed. */
export function markFailed(tx: Tx, paymentId: string): Promise<Payment | undefined> {
  return changeState(tx.sql, paymentId, 'failed', { closedAt: sql`app_now()` })
}

/** The provider is asked about it by the next sweep, before its schedule says so. */
export async function askSoon(tx: Tx, purchaseId: string): Promise<void> {
  await tx.sql.update(payments).set({ askAt: sql`least(${payments.askAt}, app_now())` }).where(and(eq(payments.purchaseId, purchaseId), eq(payments.state, 'pending')))
}

/** The purchase is being given up (`closing_at` of its session): from this commit on no invoice is begun for it. */
export async function closePayment(tx: Tx, paymentId: string): Promise<void> {
  await tx.sql.update(payments).set({ closingAt: sql`coalesce(${payments.closingAt}, app_now())` }).where(eq(payments.id, paymentId))
}
