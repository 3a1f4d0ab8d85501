import type { Ctx } from '../../platform/ctx.ts'
import { findPendingApprovals } from '../approvals/index.ts'
import { findPeople } from '../identity/index.ts'
import type { WalletHold } from '../ledger/index.ts'
import type { SuspenseItem } from '../payments/index.ts'
import type { SuspendedView, WalletHoldView } from './books-contract.ts'
import type { By } from './by.ts'
import { mayAct } from './roles.ts'

/** Suspended sums with whose they were, and where `by` may ask to have each placed as it stands; in the same order. */
export async function showSuspense(ctx: Ctx, by: Pick<By, 'role'>, rows: readonly SuspenseItem[]): Promise<SuspendedView[]> {
  const [people, pending] = await Promise.all([findPeople(ctx.sql, rows.flatMap((row) => row.customerId ?? [])), findPendingApprovals(ctx.sql, 'suspense.resolve', rows.map((row) => row.id))])
  return rows.map(({ id, ...item }) => {
    const payer = item.customerId === null ? undefined : people.get(item.customerId)
    const isOpen = item.state === 'open' && !pending.has(id) && mayAct(by.role, 'payouts.decide')
    // Who is erased has no wallet; what is of no known payment can't go back by one.
    const places: SuspendedView['places'] = isOpen ? [...(payer && !payer.erasedAt ? ['wallet' as const] : []), ...(item.paymentId === null ? [] : ['refund' as const]), 'revenue'] : []
    return {
      ...item, eventId: id, createdAt: item.createdAt.toISOString(), resolvedAt: item.resolvedAt?.toISOString() ?? null, customerName: payer?.displayName ?? null, places,
      approvalId: pending.get(id)?.id ?? null,
    }
  })
}

/** Wallets of recycled numbers with who has the number now, and where `by` may ask to have each placed; in the same order. */
export async function showWalletHolds(ctx: Ctx, by: Pick<By, 'role'>, rows: readonly WalletHold[]): Promise<WalletHoldView[]> {
  const [people, pending] = await Promise.all([findPeople(ctx.sql, rows.map((row) => row.customerId)), findPendingApprovals(ctx.sql, 'wallet.release', rows.map((row) => row.id))])
  return rows.map((hold) => {
    const owner = people.get(hold.customerId)
    const isOpen = hold.state === 'held' && !pending.has(hold.id) && mayAct(by.role, 'payouts.decide')
    const places: WalletHoldView['places'] = isOpen ? [...(owner && !owner.erasedAt ? ['owner' as const] : []), 'suspense'] : []
    return { ...hold, heldAt: hold.heldAt.toISOString(), settledAt: hold.settledAt?.toISOString() ?? null, ownerName: owner?.displayName ?? null, places, approvalId: pending.get(hold.id)?.id ?? null }
  })
}
