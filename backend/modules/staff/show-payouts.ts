import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { findPendingApprovals } from '../approvals/index.ts'
import { findPeople } from '../identity/index.ts'
import { findAccountsById } from '../mitras/index.ts'
import { account } from '../ledger/index.ts'
import { findBatch, findPayout, payoutOutcomes, showEarnings, viewPayouts, type Payout, type PayoutBatch } from '../payouts/index.ts'
import type { By } from './by.ts'
import type { BatchView, PayoutForStaff } from './payout-contract.ts'
import { findStaffNames } from './queries.ts'
import { mayAct } from './roles.ts'

/** Payouts with whose they are, in the same order. Accounts stay masked for everybody. */
export async function showPayouts(ctx: Ctx, by: Pick<By, 'role'>, rows: readonly Payout[]): Promise<PayoutForStaff[]> {
  const [views, people, accounts, pending] = await Promise.all([
    viewPayouts(ctx.sql, ctx, rows), findPeople(ctx.sql, rows.map((row) => row.mitraId)), findAccountsById(ctx.sql, ctx, rows.map((row) => row.bankAccountId)),
    findPendingApprovals(ctx.sql, 'payout.settle', rows.map((row) => row.id)),
  ])
  return rows.map((row, index) => ({
    ...views[index]!, mitraId: row.mitraId, mitraName: people.get(row.mitraId)?.displayName ?? null, accountHolderMasked: accounts.get(row.bankAccountId)!.accountHolderMasked,
    batchId: row.batchId, requestedBy: row.requestedByKind, approvedAt: row.approvedAt?.toISOString() ?? null, reversedAt: row.reversedAt?.toISOString() ?? null,
    providerPayoutId: row.providerPayoutId, providerStatus: row.providerStatus, needsStaff: row.needsStaff, sendTries: row.sendTries, settledReference: row.settledReference,
    outcomes: mayAct(by.role, 'payouts.decide') && !pending.has(row.id) ? payoutOutcomes(row) : [], approvalId: pending.get(row.id)?.id ?? null,
  }))
}

/** Batches with who made them and what they wait for, in the same order. */
export async function showBatches(ctx: Ctx, by: Pick<By, 'role'>, rows: readonly PayoutBatch[]): Promise<BatchView[]> {
  const [names, pending] = await Promise.all([
    findStaffNames(ctx.sql, rows.flatMap((row) => row.madeBy ?? [])), findPendingApprovals(ctx.sql, 'payout_batch.approve', rows.map((row) => row.id)),
  ])
  return rows.map(({ requestKey: _key, ...row }) => ({
    ...row, madeByName: row.madeBy === null ? null : names.get(row.madeBy) ?? null, createdAt: row.createdAt.toISOString(), decidedAt: row.decidedAt?.toISOString() ?? null,
    approvalId: pending.get(row.id)?.id ?? null, acts: row.state === 'draft' && mayAct(by.role, 'payouts.decide') ? ['submit', 'reject'] : [],
  }))
}

export async function showBatch(ctx: Ctx, by: Pick<By, 'role'>, id: string): Promise<BatchView> {
  const batch = await findBatch(ctx.sql, id)
  if (!batch) throw new AppError('not_found', 'no such batch')
  return (await showBatches(ctx, by, [batch]))[0]!
}

export async function showPayout(ctx: Ctx, by: Pick<By, 'role'>, id: string): Promise<PayoutForStaff> {
  const payout = await findPayout(ctx.sql, id)
  if (!payout) throw new AppError('not_found', 'no such payout')
  return (await showPayouts(ctx, by, [payout]))[0]!
}

/** What a mitra is owed and may be paid out; `account`: where its entries stand. Throws `not_found`. */
export async function showMitraEarnings(ctx: Ctx, mitraId: string) {
  if ((await findPeople(ctx.sql, [mitraId])).get(mitraId)?.kind !== 'mitra') throw new AppError('not_found', 'no such mitra')
  return { ...await showEarnings(ctx, mitraId), mitraId, account: account.payable(mitraId) }
}
