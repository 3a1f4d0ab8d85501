import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { mayCharge } from '../../platform/switches.ts'
import { payments } from './tables.ts'
import type { Payment } from './types.ts'

export const CREATE_INVOICE_TOPIC = 'payments.create-invoice'
/** The request that made the payment makes the invoice too; this is for requests that died or got no answer. */
const NET_SECONDS = 4

export type NewPayment = {
  /** What it is for; the session's own package unless told otherwise. `purchaseId` then is the id of that. */
  kind?: Payment['kind']
  customerId: string
  sessionId: string
  purchaseId: string
  /** What the provider is to collect; the wallet's part stands beside it for the payer to see. */
  amountIdr: number
  walletIdr: number
  description: string
  /** The end of the hold, or of the tip's time: the invoice lives no longer. */
  expiresAt: Date
}

/** The row comes first, then (after the commit) `createInvoice`. Throws `payments_disabled` with `XENDIT_ENABLED=false` and while staff have closed payments. */
export async function createPayment(tx: Tx, input: NewPayment): Promise<Payment> {
  if (!mayCharge(tx)) throw new AppError('payments_disabled')
  const id = tx.ids.next()
  const [payment] = await tx.sql.insert(payments).values({
    ...input, id, state: 'creating',
    createUntil: sql`app_now() + make_interval(secs => ${tx.settings.get('invoiceCreateSeconds')})`,
  }).returning()
  await writeOutbox(tx, [{ topic: CREATE_INVOICE_TOPIC, payload: { paymentId: id }, dueInSeconds: NET_SECONDS }])
  return payment!
}
