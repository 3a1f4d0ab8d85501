import { sql } from '../../platform/drizzle.ts'
import type { Queryable } from '../../platform/database.ts'
import { CLASS, findClosings, type Closing } from './close-day.ts'
import { closeAccounts, closingHash, FIRST_HASH, type Moved } from './closing-rules.ts'
import type { AccountSums } from './tables.ts'

export type ClosingsVerdict = { ok: true; days: number } | { ok: false; days: number; day: string; problem: string }

/** Derives every closed day again from its entries, and the chain of their hashes. Names the first day that differs. */
export async function verifyClosings(handle: Queryable): Promise<ClosingsVerdict> {
  const closings = await findClosings(handle)
  const moved = await movedByDay(handle)
  let hash: Buffer = FIRST_HASH
  let accounts: readonly AccountSums[] = []
  for (const closing of closings) {
    const problem = problemOf(closing, hash, closeAccounts(accounts, moved.get(closing.day) ?? []))
    if (problem) return { ok: false, days: closings.length, day: closing.day, problem }
    hash = closing.hash
    accounts = closing.accounts
  }
  const gap = closings.find((closing, index) => index > 0 && closings[index - 1]!.untilAt.getTime() !== closing.fromAt.getTime())
  return gap ? { ok: false, days: closings.length, day: gap.day, problem: 'the day before it is missing' } : { ok: true, days: closings.length }
}

function problemOf(closing: Closing, previousHash: Buffer, derived: AccountSums[]): string | undefined {
  if (!closing.previousHash.equals(previousHash)) return 'its chain to the day before is broken'
  if (!closing.hash.equals(closingHash(previousHash, closing))) return 'its row was changed'
  const same = (sums: AccountSums) => [sums.account, sums.openingIdr, sums.debitsIdr, sums.creditsIdr, sums.closingIdr].join(' ')
  return derived.map(same).join('\n') === closing.accounts.map(same).join('\n') ? undefined : 'its sums are not those of its entries'
}

async function movedByDay(handle: Queryable): Promise<Map<string, Moved[]>> {
  const { rows } = await handle.execute<{ day: string; account: string; debits: string; credits: string }>(sql`
    select (e.created_at at time zone 'Asia/Jakarta')::date::text as day, ${CLASS} as account,
      coalesce(-sum(e.amount_idr) filter (where e.amount_idr < 0), 0) as debits, coalesce(sum(e.amount_idr) filter (where e.amount_idr > 0), 0) as credits
    from ledger_entries e group by 1, 2`)
  return Map.groupBy(rows.map((row) => ({ day: row.day, account: row.account, debitsIdr: Number(row.debits), creditsIdr: Number(row.credits) })), (row) => row.day)
}
