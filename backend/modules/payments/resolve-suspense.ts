import { and, eq, notExists, or, sql } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPeople } from '../identity/index.ts'
import { account, post } from '../ledger/index.ts'
import { lockPayment } from './queries.ts'
import { findSuspense } from './suspense.ts'
import { providerInbox, suspenseItems } from './tables.ts'
import type { Payment, SuspenseItem } from './types.ts'

/** Throws `conflict` where the wallet of whoever paid cannot take it: nobody knows them, or they are erased. */
export async function assertPayerHasWallet(tx: Tx, item: SuspenseItem): Promise<string> {
  const payer = item.customerId === null ? undefined : (await findPeople(tx.sql, [item.customerId])).get(item.customerId)
  if (!payer || payer.erasedAt) throw new AppError('conflict', 'Whoever paid has no wallet any more.')
  return payer.id
}

/** Places suspended money in its payer's wallet or the platform's revenue. Needs a second person: see the act. */
export async function resolveSuspense(tx: Tx, id: string, to: 'wallet' | 'revenue'): Promise<SuspenseItem> {
  const item = await findSuspense(tx.sql, id)
  if (!item) throw new AppError('not_found', 'no money is suspended under this id')
  return closeSuspense(tx, id, { to, account: to === 'wallet' ? account.wallet(await assertPayerHasWallet(tx, item)) : account.platformRevenue })
}

/**
 * Moves suspended money to `account` and settles the event that told of it, once. Throws `conflict` where it is placed
 * already. Whoever gives it back to the payer posts it to `refunds_pending` by this.
 */
export async function closeSuspense(tx: Tx, id: string, into: { to: NonNullable<SuspenseItem['resolvedTo']>; account: string }): Promise<SuspenseItem> {
  crashPointAfterCommit(tx, 'suspense.resolved')
  // Before its own row: what can still be given back of the payment is counted under this lock.
  const payment = await lockPaymentOf(tx, id)
  const [item] = await tx.sql.update(suspenseItems).set({ state: 'resolved', resolvedTo: into.to, resolvedAt: sql`app_now()` })
    .where(and(eq(suspenseItems.id, id), eq(suspenseItems.state, 'open'))).returning()
  if (!item) throw new AppError('conflict', 'This money is placed already.')
  await post(tx, {
    key: `event:${id}:resolve`, flow: 'suspense.resolve', sessionId: payment?.sessionId, paymentId: item.paymentId ?? undefined,
    entries: [{ account: account.suspense(id), amountIdr: -item.amountIdr }, { account: into.account, amountIdr: item.amountIdr }],
  })
  await settleEvents(tx, item)
  crashPoint('suspense.resolving')
  tx.log.info({ event: 'suspense_resolved', suspenseId: id, paymentId: item.paymentId, to: into.to, amountIdr: item.amountIdr }, 'suspended money is placed')
  return item
}

async function lockPaymentOf(tx: Tx, suspenseId: string): Promise<Payment | undefined> {
  const { paymentId = null } = await findSuspense(tx.sql, suspenseId) ?? {}
  return paymentId === null ? undefined : lockPayment(tx, paymentId)
}

// The event itself, and later ones that told of the same sum (PAID, then SETTLED): nothing of it is left to do.
async function settleEvents(tx: Tx, item: SuspenseItem): Promise<void> {
  const others = tx.sql.select({ one: sql`1` }).from(suspenseItems)
    .where(and(eq(suspenseItems.paymentId, providerInbox.paymentId), eq(suspenseItems.reason, 'underpaid'), eq(suspenseItems.state, 'open')))
  const isOfPayment = item.paymentId === null ? undefined : and(eq(providerInbox.paymentId, item.paymentId), eq(providerInbox.reason, 'underpaid'), notExists(others))
  await tx.sql.update(providerInbox).set({ state: 'applied', reason: 'suspense_resolved', settledAt: sql`app_now()` })
    .where(and(eq(providerInbox.state, 'parked'), or(eq(providerInbox.id, item.id), isOfPayment)))
}
