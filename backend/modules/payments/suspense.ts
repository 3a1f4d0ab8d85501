import type { Tx } from '../../platform/ctx.ts'
import { account } from '../ledger/index.ts'
import { suspenseItems } from './tables.ts'
import type { SuspenseItem } from './types.ts'

export type NewSuspense = Pick<SuspenseItem, 'paymentId' | 'providerPaymentId' | 'customerId' | 'amountIdr' | 'reason'> & {
  /** The event of the inbox that told of the money, where one did. */
  eventId?: string | undefined
}

/**
 * Writes down money that staff have to place. The caller posts it to `account` in this transaction, under a key of its
 * own, and does neither twice.
 */
export async function openSuspense(tx: Tx, { eventId, ...item }: NewSuspense): Promise<{ id: string; account: string }> {
  const id = eventId ?? tx.ids.next()
  await tx.sql.insert(suspenseItems).values({ ...item, id })
  return { id, account: account.suspense(id) }
}
