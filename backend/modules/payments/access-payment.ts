import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { findPayment } from './queries.ts'
import type { Payment } from './types.ts'

/** The customer's own payment; throws `not_found`, for somebody else's too. */
export async function accessPayment(handle: Queryable, customerId: string, paymentId: string): Promise<Payment> {
  const payment = await findPayment(handle, paymentId)
  if (payment?.customerId !== customerId) throw new AppError('not_found')
  return payment
}
