import { eq } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { payments } from './tables.ts'
import type { Payment } from './types.ts'

/** The payment whose invoice the provider calls so. */
export async function findPaymentByInvoice(handle: Queryable, providerInvoiceId: string): Promise<Payment | undefined> {
  const [payment] = await handle.select().from(payments).where(eq(payments.providerInvoiceId, providerInvoiceId))
  return payment
}
