import { sql, type AnyPgColumn } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { ledgerChecks } from './tables.ts'

export type LedgerCheck = { checkedAt: Date; tookMs: number; driftIdr: number; problems: string[]; closingsCheckedAt: Date | null; closingsProblem: string | null }

/** More is of no use to anybody; the sum of the drift is whole. */
const PROBLEMS_KEPT = 100

type Found = { at: Date; driftIdr: number; problems: readonly string[]; tookMs: number; closingsProblem?: string | null | undefined }

/**
 * Writes down what the checker found of a moment; what was found of an earlier one is forgotten, save of the closed days
 * where it has not looked at them. Checks overtake each other: what is known of a later moment stays, unless that moment
 * is still to come (a clock was set back).
 */
export async function recordCheck(handle: Queryable, found: Found): Promise<void> {
  const closings = found.closingsProblem === undefined ? {} : { closingsCheckedAt: found.at, closingsProblem: found.closingsProblem }
  const later = (column: AnyPgColumn, than: AnyPgColumn) => sql`
    case when excluded.${sql.identifier(than.name)} >= coalesce(${than}, '-infinity') or (${than} > app_now() and excluded.${sql.identifier(than.name)} is not null)
      then excluded.${sql.identifier(column.name)} else ${column} end`
  const { checkedAt, tookMs, driftIdr, problems, closingsCheckedAt, closingsProblem } = ledgerChecks
  await handle.insert(ledgerChecks)
    .values({ ...closings, checkedAt: found.at, tookMs: Math.round(found.tookMs), driftIdr: found.driftIdr, problems: found.problems.slice(0, PROBLEMS_KEPT) })
    .onConflictDoUpdate({
      target: ledgerChecks.onlyRow,
      set: {
        checkedAt: later(checkedAt, checkedAt), tookMs: later(tookMs, checkedAt), driftIdr: later(driftIdr, checkedAt), problems: later(problems, checkedAt),
        closingsCheckedAt: later(closingsCheckedAt, closingsCheckedAt), closingsProblem: later(closingsProblem, closingsCheckedAt),
      },
    })
}

/** What the checker found last, of the closed days too, on whichever replica; undefined: it has not run yet. */
export async function findLastCheck(handle: Queryable): Promise<LedgerCheck | undefined> {
  const [row] = await handle.select().from(ledgerChecks)
  return row && { ...row, problems: row.closingsProblem === null ? row.problems : [...row.problems, row.closingsProblem] }
}
