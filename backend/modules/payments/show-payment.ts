import { setTimeout as sleep } from 'node:timers/promises'
import type { Ctx } from '../../platform/ctx.ts'
import { accessPayment } from './access-payment.ts'
import { refreshPayment } from './refresh-payment.ts'
import type { Payment, PaymentHooks } from './types.ts'

/** The payer waits this long for the provider; a later answer is applied all the same. */
const PATIENCE_MS = 3000

/** A customer's own payment, asked about at the provider while it is pending. Throws `not_found`. */
export async function showPayment(ctx: Ctx, hooks: PaymentHooks, customerId: string, paymentId: string): Promise<Payment> {
  const payment = await accessPayment(ctx.sql, customerId, paymentId)
  if (payment.state !== 'pending') return payment
  const patience = new AbortController()
  await Promise.race([refreshInBackground(ctx, hooks, paymentId), sleep(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined)])
  patience.abort()
  return accessPayment(ctx.sql, customerId, paymentId)
}

/** Never throws: the answer is for the rows, not for who asked. */
export async function refreshInBackground(ctx: Ctx, hooks: PaymentHooks, paymentId: string): Promise<void> {
  try {
    await refreshPayment(ctx, hooks, paymentId)
  } catch (error) {
    ctx.log.error({ err: error, paymentId }, 'what the provider answered could not be applied')
  }
}
