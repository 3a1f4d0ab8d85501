import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { ledgerChecks } from './tables.ts'

export type LedgerCheck = { checkedAt: Date; tookMs: number; driftIdr: number; problems: string[] }

/** More is of no use to anybody; the sum of the drift is whole. */
const PROBLEMS_KEPT = 100

type Found = { driftIdr: number; problems: readonly string[]; tookMs: number; closingsProblem?: string | null | undefined }

/** Writes down what the checker found; what was found before is forgotten, save of the closed days where it has not looked at them. */
export async function recordCheck(handle: Queryable, found: Found): Promise<void> {
  const closings = found.closingsProblem === undefined ? {} : { closingsCheckedAt: sql`app_now()`, closingsProblem: found.closingsProblem }
  const values = {
    ...closings, checkedAt: sql`app_now()`, tookMs: Math.round(found.tookMs), driftIdr: found.driftIdr, problems: found.problems.slice(0, PROBLEMS_KEPT),
  }
  await handle.insert(ledgerChecks).values(values).onConflictDoUpdate({ target: ledgerChecks.onlyRow, set: values })
}

/** What the checker found last, of the closed days too, on whichever replica; undefined: it has not run yet. */
export async function findLastCheck(handle: Queryable): Promise<LedgerCheck | undefined> {
  const [row] = await handle.select().from(ledgerChecks)
  return row && { ...row, problems: row.closingsProblem === null ? row.problems : [...row.problems, row.closingsProblem] }
}
