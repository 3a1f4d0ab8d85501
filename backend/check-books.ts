import { checkLedger, countLedger, findLastCheck, findOpenEscrows, recordCheck, verifyClosings } from './modules/ledger/index.ts'
import { countOpenSuspense } from './modules/payments/index.ts'
import { countRefundsForStaff } from './modules/refunds/index.ts'
import { findOpenAmong } from './modules/sessions/index.ts'
import type { Ctx } from './platform/ctx.ts'
import { createSql, type Transaction } from './platform/database.ts'
import type { Log } from './platform/log.ts'
import { createPool } from './platform/pool.ts'

export type BooksVerdict = { driftIdr: number; problems: string[]; entries: number; accounts: number; tookMs: number }

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
  const ledger = await checkLedger(tx)
  const escrows = await findOpenEscrows(tx)
  const open = await findOpenAmong(tx, [...escrows.keys()])
  const left = [...escrows].filter(([sessionId]) => !open.has(sessionId))
  const problems = [...ledger.problems, ...left.map(([sessionId, idr]) => `money in the escrow of a session that is over: ${sessionId} (${idr})`)]
  if (withClosings) {
    const verdict = await verifyClosings(tx)
    if (!verdict.ok) problems.push(`closing of ${verdict.day}: ${verdict.problem}`)
  }
  return { driftIdr: ledger.driftIdr + left.reduce((total, [, idr]) => total + Math.abs(idr), 0), problems, ...await countLedger(tx) }
}

const checking = new WeakMap<Ctx['pool'], Promise<BooksVerdict>>()

/**
 * Checks the books and writes down what was found, for every replica's metric and for staff. Who asks while a check is
 * under way here gets its answer: it reads every entry.
 */
export function checkBooks(ctx: Ctx): Promise<BooksVerdict> {
  const running = checking.get(ctx.pool) ?? readAndRecord(ctx).finally(() => checking.delete(ctx.pool))
  checking.set(ctx.pool, running)
  return running
}

async function readAndRecord(ctx: Ctx): Promise<BooksVerdict> {
  const verdict = await readBooks({ url: ctx.env.DATABASE_URL, log: ctx.log })
  await recordCheck(ctx.sql, verdict)
  if (verdict.problems.length > 0) ctx.log.error({ event: 'ledger_drift', driftIdr: verdict.driftIdr, problems: verdict.problems.slice(0, 20) }, 'the books are wrong')
  await tellBooks(ctx)
  return verdict
}

/** Puts what was found last, on whichever replica, into this one's metrics: any of them tells the truth when it is scraped. */
export async function tellBooks(ctx: Ctx): Promise<void> {
  const check = await findLastCheck(ctx.sql)
  // A problem without a sum of its own (an unbalanced pair, a negative escrow) is drift all the same.
  if (check) ctx.metrics.ledgerDriftIdr.set(check.problems.length > 0 ? Math.max(1, check.driftIdr) : check.driftIdr)
  ctx.metrics.moneyNeedsStaff.set({ what: 'suspense' }, await countOpenSuspense(ctx.sql))
  ctx.metrics.moneyNeedsStaff.set({ what: 'refunds' }, await countRefundsForStaff(ctx.sql))
}
