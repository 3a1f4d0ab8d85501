import { and, desc, gte, lt, lte, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { closeAccounts, closingHash, FIRST_HASH, imbalance, type Moved } from './closing-rules.ts'
import { dailyClosings, type FlowSums } from './tables.ts'

export type Closing = typeof dailyClosings.$inferSelect

/** A transaction takes 30 s at most: after this nothing can come into a day that is over. */
const MARGIN_MINUTES = 5
const DAYS_MOST = 60

/** Closes every day in Asia/Jakarta that is over and not closed yet, the oldest first. Answers how many. */
export async function closeDays(ctx: Ctx): Promise<number> {
  const { rows } = await ctx.sql.execute<{ day: string }>(sql`
    select day::date::text as day from generate_series(
      coalesce((select max(day) + 1 from daily_closings), (select (min(created_at) at time zone 'Asia/Jakarta')::date from ledger_entries)),
      ((app_now() - make_interval(mins => ${MARGIN_MINUTES})) at time zone 'Asia/Jakarta')::date - 1, interval '1 day') day
    order by 1 limit ${DAYS_MOST}`)
  // One after the other: each opens with what the one before closed with.
  for (const { day } of rows) await transact(ctx, (tx) => closeDay(tx, day))
  return rows.length
}

async function closeDay(tx: Tx, day: string): Promise<void> {
  const [before] = await tx.sql.select().from(dailyClosings).orderBy(desc(dailyClosings.day)).limit(1)
  // Another replica was quicker.
  if (before && before.day >= day) return
  const bounds = await boundsOf(tx.sql, day)
  const [moved, flows, counts] = [await sumAccountsBetween(tx.sql, bounds), await sumFlowsBetween(tx.sql, bounds), await countBetween(tx.sql, bounds)]
  const content = { day, ...bounds, ...counts, accounts: closeAccounts(before?.accounts ?? [], moved), flows }
  const problem = imbalance(content.accounts)
  if (problem) throw new Error(`${day} cannot be closed: ${problem}`)
  const previousHash = before?.hash ?? FIRST_HASH
  await tx.sql.insert(dailyClosings).values({ ...content, previousHash, hash: closingHash(previousHash, content) }).onConflictDoNothing()
  tx.log.info({ event: 'day_closed', day, entries: content.entries }, 'a day is closed')
}

type Bounds = { fromAt: Date; untilAt: Date }

/** From midnight to midnight in Asia/Jakarta, the second one without. */
export async function boundsOf(handle: Queryable, day: string, until: string = day): Promise<Bounds> {
  const { rows } = await handle.execute<{ from_at: string; until_at: string }>(sql`
    select ${day}::date::timestamp at time zone 'Asia/Jakarta' as from_at, (${until}::date + 1)::timestamp at time zone 'Asia/Jakarta' as until_at`)
  return { fromAt: new Date(rows[0]!.from_at), untilAt: new Date(rows[0]!.until_at) }
}

const isBetween = ({ fromAt, untilAt }: Bounds) => sql`e.created_at >= ${fromAt.toISOString()} and e.created_at < ${untilAt.toISOString()}`
/** Persons' and sessions' accounts are told as one of their kind. */
export const CLASS = sql`case when e.account like '%:%' then split_part(e.account, ':', 1) || ':*' else e.account end`

async function sumAccountsBetween(handle: Queryable, bounds: Bounds): Promise<Moved[]> {
  const { rows } = await handle.execute<{ account: string; debits: string; credits: string }>(sql`
    select ${CLASS} as account, coalesce(-sum(e.amount_idr) filter (where e.amount_idr < 0), 0) as debits, coalesce(sum(e.amount_idr) filter (where e.amount_idr > 0), 0) as credits
    from ledger_entries e where ${isBetween(bounds)} group by 1`)
  return rows.map((row) => ({ account: row.account, debitsIdr: Number(row.debits), creditsIdr: Number(row.credits) }))
}

async function sumFlowsBetween(handle: Queryable, bounds: Bounds): Promise<FlowSums[]> {
  const { rows } = await handle.execute<{ flow: string; transactions: string; amount: string }>(sql`
    select t.flow, count(distinct t.id) as transactions, coalesce(sum(e.amount_idr) filter (where e.amount_idr > 0), 0) as amount
    from ledger_entries e join ledger_transactions t on t.id = e.transaction_id where ${isBetween(bounds)} group by t.flow order by t.flow`)
  return rows.map((row) => ({ flow: row.flow, transactions: Number(row.transactions), amountIdr: Number(row.amount) }))
}

async function countBetween(handle: Queryable, bounds: Bounds): Promise<{ transactions: number; entries: number }> {
  const { rows } = await handle.execute<{ transactions: string; entries: string }>(sql`
    select count(distinct e.transaction_id) as transactions, count(*) as entries from ledger_entries e where ${isBetween(bounds)}`)
  return { transactions: Number(rows[0]!.transactions), entries: Number(rows[0]!.entries) }
}

/** Closed days, the newest first. `cursor` is the last day of the page before. */
export async function listClosings(handle: Queryable, page: { cursor?: string | undefined; limit: number }): Promise<{ items: Closing[]; nextCursor: string | null }> {
  const rows = await handle.select().from(dailyClosings).where(page.cursor === undefined ? undefined : lt(dailyClosings.day, page.cursor)).orderBy(desc(dailyClosings.day)).limit(page.limit + 1)
  const items = rows.slice(0, page.limit)
  return { items, nextCursor: rows.length > page.limit ? items.at(-1)!.day : null }
}

/** The closings of these days, the oldest first. */
export async function findClosings(handle: Queryable, days: { from?: string | undefined; until?: string | undefined } = {}): Promise<Closing[]> {
  return handle.select().from(dailyClosings)
    .where(and(days.from === undefined ? undefined : gte(dailyClosings.day, days.from), days.until === undefined ? undefined : lte(dailyClosings.day, days.until)))
    .orderBy(dailyClosings.day)
}
