import type { Cell } from '../../platform/csv.ts'
import type { Move } from '../ledger/index.ts'
import type { RefundStep } from '../refunds/index.ts'

/**
 * A line for each day, state reached on it, method (the provider's, or by hand) and channel; then what the refunds of
 * the day add to `refunds_pending` by their own rows, and what the ledger says that was added: both are the same.
 */
export function* refundLines(steps: readonly RefundStep[], channels: ReadonlyMap<string, string>, moves: readonly Move[]): Generator<readonly Cell[]> {
  const [stepsOf, movesOf] = [Map.groupBy(steps, (step) => step.day), Map.groupBy(moves, (move) => move.day)]
  for (const day of [...new Set([...stepsOf.keys(), ...movesOf.keys()])].toSorted()) {
    const ofDay = stepsOf.get(day) ?? []
    const groups = Map.groupBy(ofDay, ({ state, method, paymentId }) => JSON.stringify([state, method, channels.get(paymentId) ?? null]))
    for (const [group, rows] of [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      yield [day, ...(JSON.parse(group) as Cell[]), sum(rows, (row) => row.refunds), sum(rows, (row) => row.amountIdr), sum(rows, (row) => row.pendingIdr)]
    }
    yield [day, 'total', null, null, null, null, sum(ofDay, (row) => row.pendingIdr)]
    yield [day, 'ledger', null, null, null, null, sum(movesOf.get(day) ?? [], (move) => move.amountIdr)]
  }
}

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0)
}
