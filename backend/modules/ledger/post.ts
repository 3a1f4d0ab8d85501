import { sql } from '../../platform/drizzle.ts'
import { violatedConstraint } from '../../platform/database.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { isPersonsAccount } from './accounts.ts'
import type { Entry, Posting } from './types.ts'

/**
 * Posts one transaction of the ledger, once for its key. False: that key was posted before, nothing was done.
 * Entries of zero are dropped; with none left it answers true without a row. Throws `insufficient_balance`
 * when a person's balance would fall below zero (the transaction is lost then).
 */
export async function post(tx: Tx, posting: Posting): Promise<boolean> {
  return (await postAll(tx, [posting])).has(posting.key)
}

/**
 * Several postings at once, each under its own key, as `post`. Answers the keys that were posted by this call. One that
 * stands twice among them is posted once; throws `conflict` where a key stands for two different postings.
 */
export async function postAll(tx: Tx, postings: readonly Posting[]): Promise<Set<string>> {
  const filled = onceByKey(postings.map((posting) => ({ ...posting, entries: posting.entries.filter((entry) => entry.amountIdr !== 0) })))
  for (const posting of filled) assertBalanced(posting)
  const posted = new Set(filled.filter((posting) => posting.entries.length === 0).map((posting) => posting.key))
  const rows = filled.filter((posting) => posting.entries.length > 0)
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map((posting) => ({ id: tx.ids.next(), posting }))
  const inserted = await insertTransactions(tx, rows)
  const fresh = rows.filter((row) => inserted.has(row.posting.key))
  if (fresh.length > 0) await insertEntries(tx, fresh)
  for (const row of fresh) posted.add(row.posting.key)
  return posted
}

type Row = { id: string; posting: Posting }

// The key's conflict clause can't see a row of its own statement.
function onceByKey(postings: readonly Posting[]): Posting[] {
  const byKey = new Map<string, Posting>()
  for (const posting of postings) {
    const first = byKey.get(posting.key) ?? posting
    if (contentOf(first) !== contentOf(posting)) throw new AppError('conflict', `The key ${posting.key} stands for two different postings.`)
    byKey.set(posting.key, first)
  }
  return [...byKey.values()]
}

function contentOf({ flow, sessionId, paymentId, entries }: Posting): string {
  return JSON.stringify([flow, sessionId ?? null, paymentId ?? null, entries.map(({ account, amountIdr }) => `${account} ${amountIdr}`).toSorted()])
}

function assertBalanced(posting: Posting): void {
  const isWhole = posting.entries.every((entry) => Number.isSafeInteger(entry.amountIdr))
  if (!isWhole || posting.entries.reduce((sum, entry) => sum + entry.amountIdr, 0) !== 0) {
    throw new Error(`the posting ${posting.key} is not a balanced one of whole rupiah`)
  }
}

// Two at once with one key: the second waits here until the first has committed, and finds the key taken.
async function insertTransactions(tx: Tx, rows: readonly Row[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const values = rows.map(({ id, posting }) => ({
    id, key: posting.key, flow: posting.flow, session_id: posting.sessionId ?? null, payment_id: posting.paymentId ?? null,
  }))
  const result = await tx.sql.execute<{ key: string }>(sql`
    insert into ledger_transactions (id, key, flow, session_id, payment_id)
    select id, key, flow, session_id, payment_id
    from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as r(id uuid, key text, flow text, session_id uuid, payment_id uuid)
    order by key
    on conflict (key) do nothing
    returning key`)
  return new Set(result.rows.map((row) => row.key))
}

/**
 * The entries, and the balance rows of the persons among their accounts. Balances are locked in the order of their
 * names, so that two transactions that share two accounts never wait for each other.
 */
async function insertEntries(tx: Tx, rows: readonly Row[]): Promise<void> {
  const entries = rows.flatMap(({ id, posting }) => posting.entries.map((entry) => ({ transaction_id: id, account: entry.account, amount_idr: entry.amountIdr })))
  const changes = sumByAccount(rows.flatMap((row) => row.posting.entries)).filter((change) => isPersonsAccount(change.account))
  // A row of zero must stand before anything is taken from it: a CHECK sees the row that an upsert proposes.
  await tx.sql.execute(sql`
    with persons as (
      insert into ledger_balances (account)
      select account from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as r(account text) order by account
      on conflict (account) do nothing)
    insert into ledger_entries (transaction_id, account, amount_idr)
    select transaction_id, account, amount_idr
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as r(transaction_id uuid, account text, amount_idr bigint)`)
  if (changes.length > 0) await moveBalances(tx, changes)
}

async function moveBalances(tx: Tx, changes: readonly Entry[]): Promise<void> {
  try {
    await tx.sql.execute(sql`
      with changes as (
        select account, "amountIdr" as amount_idr
        from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as r(account text, "amountIdr" bigint)),
      locked as materialized (
        select account from ledger_balances where account in (select account from changes) order by account for update)
      update ledger_balances b set balance_idr = b.balance_idr + c.amount_idr
      from locked join changes c using (account)
      where b.account = c.account`)
  } catch (error) {
    if (violatedConstraint(error) === 'balance_not_negative') throw new AppError('insufficient_balance')
    throw error
  }
}

function sumByAccount(entries: readonly Entry[]): Entry[] {
  const sums = new Map<string, number>()
  for (const entry of entries) sums.set(entry.account, (sums.get(entry.account) ?? 0) + entry.amountIdr)
  return [...sums].filter(([, amountIdr]) => amountIdr !== 0).map(([account, amountIdr]) => ({ account, amountIdr }))
}
