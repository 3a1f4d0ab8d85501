import type { Closing, LedgerCheck, LedgerTransaction } from '../ledger/index.ts'
import type { ClosingView } from './ledger-contract.ts'

export function transactionView(transaction: LedgerTransaction) {
  return { ...transaction, at: transaction.at.toISOString() }
}

/** A closed day with the sums that prove it: debits are credits, and what stands in all accounts is 0. */
export function closingView({ day, accounts, transactions, entries, hash, previousHash, closedAt }: Closing): ClosingView {
  const sum = (key: 'debitsIdr' | 'creditsIdr' | 'closingIdr') => accounts.reduce((total, sums) => total + sums[key], 0)
  return {
    day, transactions, entries, debitsIdr: sum('debitsIdr'), creditsIdr: sum('creditsIdr'), totalIdr: sum('closingIdr'), hash: hash.toString('hex'), previousHash: previousHash.toString('hex'),
    closedAt: closedAt.toISOString(),
  }
}

/** What the last look at every closed day and the chain of their hashes has found. */
export function closingsVerdict(check: LedgerCheck | undefined) {
  return { closingsCheckedAt: check?.closingsCheckedAt?.toISOString() ?? null, closingsProblem: check?.closingsProblem ?? null }
}

export function checkView(check: LedgerCheck | undefined) {
  return {
    ok: check !== undefined && check.problems.length === 0, driftIdr: check?.driftIdr ?? 0, problems: check?.problems ?? [], checkedAt: check?.checkedAt.toISOString() ?? null,
    tookMs: check?.tookMs ?? null, ...closingsVerdict(check),
  }
}
