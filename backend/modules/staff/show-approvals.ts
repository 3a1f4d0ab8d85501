import type { Ctx } from '../../platform/ctx.ts'
import type { Approval } from '../approvals/index.ts'
import { findPeople } from '../identity/index.ts'
import { findWalletHoldsById } from '../ledger/index.ts'
import { findSuspenseById } from '../payments/index.ts'
import { findPayoutsById } from '../payouts/index.ts'
import { findRefundsById } from '../refunds/index.ts'
import type { ApprovalView } from './approval-contract.ts'
import type { By } from './by.ts'
import { findStaffNames } from './queries.ts'
import { mayAct } from './roles.ts'

type Ids = { customerId?: string | null; mitraId?: string; sessionId?: string; paymentId?: string | null; payouts?: number }

/** What waits for a second person, or did, with whose money it is about and what `by` may do; in the same order. */
export async function showApprovals(ctx: Ctx, by: Pick<By, 'staffId' | 'role'>, rows: readonly Approval[]): Promise<ApprovalView[]> {
  const [names, ids] = await Promise.all([findStaffNames(ctx.sql, rows.flatMap((row) => [row.requestedBy, row.decidedBy ?? []].flat())), findSubjects(ctx, rows)])
  const people = await findPeople(ctx.sql, [...new Set([...ids.values()].flatMap((of) => [of.customerId ?? [], of.mitraId ?? []].flat()))])
  const person = (id: string) => ({ id, name: names.get(id) ?? '' })
  const nameOf = (id: string | null | undefined) => (id ? people.get(id)?.displayName ?? null : null)
  return rows.map((row) => {
    const { customerId = null, mitraId = null, sessionId = null, paymentId = null, payouts = null } = ids.get(row.id) ?? {}
    const isOwn = row.requestedBy === by.staffId
    return {
      ...row, requestedBy: person(row.requestedBy), requestedAt: row.requestedAt.toISOString(), expiresAt: row.expiresAt.toISOString(),
      decidedBy: row.decidedBy === null ? null : person(row.decidedBy), decidedAt: row.decidedAt?.toISOString() ?? null,
      about: { customerId, customerName: nameOf(customerId), mitraId, mitraName: nameOf(mitraId), sessionId, paymentId, payouts }, isOwn,
      acts: row.state === 'pending' && !isOwn && mayAct(by.role, 'payouts.decide') ? ['approve', 'reject'] : [],
    }
  })
}

/** Whose each is, by the approval's id; a query for each kind of target, however many there are. */
async function findSubjects(ctx: Ctx, rows: readonly Approval[]): Promise<Map<string, Ids>> {
  const of = (type: string) => rows.filter((row) => row.targetType === type).map((row) => row.targetId)
  const [refunds, payouts, suspended, holds] = await Promise.all([
    findRefundsById(ctx.sql, of('refund')), findPayoutsById(ctx.sql, of('payout')), findSuspenseById(ctx.sql, of('suspense')), findWalletHoldsById(ctx.sql, of('wallet_hold')),
  ])
  return new Map(rows.map((row) => [row.id, subjectOf(row)]))

  function subjectOf({ targetId, payload }: Approval): Ids {
    const refund = refunds.get(targetId)
    if (refund) return { customerId: refund.customerId, sessionId: refund.sessionId, paymentId: refund.paymentId }
    const payout = payouts.get(targetId)
    if (payout) return { mitraId: payout.mitraId }
    const item = suspended.get(targetId)
    if (item) return { customerId: item.customerId, paymentId: item.paymentId }
    const hold = holds.get(targetId)
    if (hold) return { customerId: hold.customerId }
    return { ...(typeof payload['customerId'] === 'string' ? { customerId: payload['customerId'] } : {}), ...(typeof payload['payouts'] === 'number' ? { payouts: payload['payouts'] } : {}) }
  }
}
