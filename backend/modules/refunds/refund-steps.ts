import { or, sql } from '../../platform/drizzle.ts'
import { isAnyOf } from '../../platform/any-of.ts'
import type { Queryable } from '../../platform/database.ts'
import type { Move } from '../ledger/index.ts'
import { refunds, type Refund } from './tables.ts'

/** A state that a refund reached, in rupiah; `pendingIdr`: what that adds to the account `refunds_pending`. */
export type RefundStep = { day: string; state: Exclude<Refund['state'], 'pending'>; method: Refund['method']; paymentId: string; refunds: number; amountIdr: number; pendingIdr: number }
type Row = Omit<RefundStep, 'paymentId' | 'refunds' | 'amountIdr' | 'pendingIdr'> & { payment_id: string; refunds: string; amount_idr: string }

/** What was asked for, and taken back or refused before any money moved, on these days in Asia/Jakarta, both within. */
export async function findStepsBefore(handle: Queryable, days: { from: string; until: string }): Promise<RefundStep[]> {
  const { rows } = await handle.execute<Row>(sql`
    select to_char(step.at at time zone 'Asia/Jakarta', 'YYYY-MM-DD') as day, step.state, r.method, r.payment_id, count(*) as refunds, coalesce(sum(r.amount_idr), 0) as amount_idr
    from refunds r, lateral (values ('requested', r.requested_at), ('cancelled', case when r.approved_at is null then r.settled_at end)) as step(state, at)
    where step.at >= ${days.from}::date::timestamp at time zone 'Asia/Jakarta' and step.at < (${days.until}::date + 1)::timestamp at time zone 'Asia/Jakarta' group by 1, 2, 3, 4`)
  return rows.map(({ day, state, method, payment_id: paymentId, ...row }) => ({ day, state, method, paymentId, refunds: Number(row.refunds), amountIdr: Number(row.amount_idr), pendingIdr: 0 }))
}

const STATES: Readonly<Record<string, RefundStep['state']>> = { send: 'approved', succeeded: 'succeeded', failed: 'failed', cancelled: 'cancelled' }

/** The refunds behind what moved in `refunds_pending`, on the ledger's own days: what they say of themselves, not what was posted. */
export async function findStepsOfMoves(handle: Queryable, moves: readonly Move[]): Promise<RefundStep[]> {
  const ids = moves.map(({ key }) => key.split(':')[1] ?? '')
  if (ids.length === 0) return []
  const rows = await handle.select().from(refunds).where(or(isAnyOf(refunds.id, ids), isAnyOf(refunds.suspenseId, ids)))
  const known = new Map(rows.flatMap((row) => [[row.id, row] as const, ...(row.suspenseId === null ? [] : [[row.suspenseId, row] as const])]))
  return moves.flatMap(({ day }, index) => {
    const [kind, , what = ''] = moves[index]!.key.split(':')
    const refund = known.get(ids[index]!)
    const state = kind === 'event' ? 'approved' : STATES[what]
    if (!refund || state === undefined) return []
    const amountIdr = refund.amountIdr ?? 0
    return [{ day, state, method: refund.method, paymentId: refund.paymentId, refunds: 1, amountIdr, pendingIdr: state === 'approved' ? amountIdr : -amountIdr }]
  })
}
