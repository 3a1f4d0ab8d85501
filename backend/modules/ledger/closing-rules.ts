import { createHash } from 'node:crypto'
import type { AccountSums, FlowSums } from './tables.ts'

export type ClosingContent = {
  day: string
  fromAt: Date
  untilAt: Date
  transactions: number
  entries: number
  accounts: readonly AccountSums[]
  flows: readonly FlowSums[]
}

export const FIRST_HASH: Buffer = Buffer.alloc(32)

/** sha256 over the hash of the day before and everything that the day says, in an order of its own: jsonb keeps none. */
export function closingHash(previousHash: Uint8Array, { day, fromAt, untilAt, transactions, entries, accounts, flows }: ClosingContent): Buffer {
  const content = [
    day, fromAt.toISOString(), untilAt.toISOString(), transactions, entries,
    accounts.map((sums) => [sums.account, sums.openingIdr, sums.debitsIdr, sums.creditsIdr, sums.closingIdr]),
    flows.map((sums) => [sums.flow, sums.transactions, sums.amountIdr]),
  ]
  return createHash('sha256').update(previousHash).update(JSON.stringify(content)).digest()
}

export type Moved = { account: string; debitsIdr: number; creditsIdr: number }

/** The day's accounts: what stood there the evening before, and what moved. Sorted, each once. */
export function closeAccounts(before: readonly AccountSums[], moved: readonly Moved[]): AccountSums[] {
  const openings = new Map(before.map((sums) => [sums.account, sums.closingIdr]))
  const changes = new Map(moved.map((change) => [change.account, change]))
  return [...new Set([...openings.keys(), ...changes.keys()])].toSorted().map((account) => {
    const { debitsIdr, creditsIdr } = changes.get(account) ?? { debitsIdr: 0, creditsIdr: 0 }
    const openingIdr = openings.get(account) ?? 0
    return { account, openingIdr, debitsIdr, creditsIdr, closingIdr: openingIdr - debitsIdr + creditsIdr }
  })
}

/** Why a day cannot be closed: its sums prove nothing; undefined: they do. */
export function imbalance(accounts: readonly AccountSums[]): string | undefined {
  const sum = (of: (sums: AccountSums) => number) => accounts.reduce((total, sums) => total + of(sums), 0)
  if (sum(({ debitsIdr, creditsIdr }) => creditsIdr - debitsIdr) !== 0) return 'debits and credits differ'
  return sum(({ closingIdr }) => closingIdr) === 0 ? undefined : 'the closing balances do not sum to zero'
}
