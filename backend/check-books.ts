import { checkLedger, countLedger, countWalletHolds, findLastCheck, findOpenEscrows, recordCheck, verifyClosings } from './modules/ledger/index.ts'
import { countOpenSuspense } from './modules/payments/index.ts'
import { countRefundsForStaff } from './modules/refunds/index.ts'
import { findOpenAmong } from './modules/sessions/index.ts'
import type { Ctx } from './platform/ctx.ts'
import { createSql, type Transaction } from './platform/database.ts'
import type { Log } from './platform/log.ts'
import { sql } from './platform/drizzle.ts'
import { createPool } from './platform/pool.ts'

/** `at`: the moment of which it speaks. `closingsProblem`: null where the closed days are sound, undefined where nobody looked at them. */
export type BooksVerdict = { at: Date; driftIdr: number; problems: string[]; closingsProblem?: string | null; entries: number; accounts: number; tookMs: number }

/** Reading every entry may take longer than any request waits for. */
const STATEMENT_MS = 120_000

/**
 * Derives the ledger again from its entries and looks for money in the escrow of sessions that are over, all of one
 * moment. On a connection of its own, by limits of its own; changes nothing.
 */
export async function readBooks(place: { url: string; log: Log }, options: { withClosings?: boolean } = {}): Promise<BooksVerdict> {
  const startedMs = performance.now()
  const pool = createPool({
    url: place.url, max: 1, applicationName: 'halobestie-ledger-check', log: place.log, statementMs: STATEMENT_MS,
    settings: { transaction_timeout: '300s', default_transaction_read_only: 'on' },
  })
  try {
    const found = await createSql(pool).transaction((tx) => derive(tx, options.withClosings ?? false), { isolationLevel: 'repeatable read', accessMode: 'read only' })
    return { ...found, tookMs: performance.now() - startedMs }
  } finally {
    await pool.end()
  }
}

async function derive(tx: Transaction, withClosings: boolean): Promise<Omit<BooksVerdict, 'tookMs'>> {
  // The first statement: what is read is of this moment.
  const { rows: [moment] } = await tx.execute<{ at: string }>(sql`select app_now() as at`)
  const ledger = await checkLedger(tx)
  const escrows = await findOpenEscrows(tx)
  const open = await findOpenAmong(tx, [...escrows.keys()])
  const left = [...escrows].filter(([sessionId]) => !open.has(sessionId))
  const problems = [...ledger.problems, ...left.map(([sessionId, idr]) => `money in the escrow of a session that is over: ${sessionId} (${idr})`)]
  const closings = withClosings ? await verifyClosings(tx) : undefined
  const found = closings && { closingsProblem: closings.ok ? null : `closing of ${closings.day}: ${closings.problem}` }
  return { ...found, at: new Date(moment!.at), driftIdr: ledger.driftIdr + left.reduce((total, [, idr]) => total + Math.abs(idr), 0), problems, ...await countLedger(tx) }
}

type Checks = WeakMap<Ctx['pool'], Promise<BooksVerdict>>
const checking: { books: Checks; all: Checks } = { books: new WeakMap(), all: new WeakMap() }

/**
 * Checks the books and writes down what was found, for every replica's metric and for staff. Who asks while a check is
 * under way here gets its answer: it reads every entry.
 */
export function checkBooks(ctx: Ctx): Promise<BooksVerdict> {
  return shared(ctx, checking.books, false)
}

/** The same, and every closed day derived again, with the chain of their hashes. */
export function checkBooksAndClosings(ctx: Ctx): Promise<BooksVerdict> {
  return shared(ctx, checking.all, true)
}

function shared(ctx: Ctx, checks: Checks, withClosings: boolean): Promise<BooksVerdict> {
  const running = checks.get(ctx.pool) ?? readAndRecord(ctx, withClosings).finally(() => checks.delete(ctx.pool))
  checks.set(ctx.pool, running)
  return running
}

async function readAndRecord(ctx: Ctx, withClosings: boolean): Promise<BooksVerdict> {
  const verdict = await readBooks({ url: ctx.env.DATABASE_URL, log: ctx.log }, { withClosings })
  await recordCheck(ctx.sql, verdict)
  const problems = [...verdict.problems.slice(0, 20), verdict.closingsProblem ?? []].flat()
  if (problems.length > 0) ctx.log.error({ event: 'ledger_drift', driftIdr: verdict.driftIdr, problems }, 'the books are wrong')
  await tellBooks(ctx)
  return verdict
}

/** Puts what was found last, on whichever replica, into this one's metrics: any of them tells the truth when it is scraped. */
export async function tellBooks(ctx: Ctx): Promise<void> {
  const check = await findLastCheck(ctx.sql)
  // A problem without a sum of its own (an unbalanced pair, a negative escrow, a closed day that was changed) is drift all the same.
  if (check) ctx.metrics.ledgerDriftIdr.set(check.problems.length > 0 ? Math.max(1, check.driftIdr) : check.driftIdr)
  if (check) ctx.metrics.ledgerCheckAgeSeconds.set(Math.max(0, ctx.clock.nowMs() - check.checkedAt.getTime()) / 1000)
  ctx.metrics.moneyNeedsStaff.set({ what: 'suspense' }, await countOpenSuspense(ctx.sql))
  ctx.metrics.moneyNeedsStaff.set({ what: 'wallets' }, await countWalletHolds(ctx.sql))
  ctx.metrics.moneyNeedsStaff.set({ what: 'refunds' }, await countRefundsForStaff(ctx.sql))
}
