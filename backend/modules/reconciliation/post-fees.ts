import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { StatementLine, StatementPage } from '../../platform/gateways.ts'
import { account, postAll } from '../ledger/index.ts'
import { callBudget } from '../payments/index.ts'
import { note } from './park-difference.ts'
import { findLines, findFeesFrom, type NewDifference } from './queries.ts'
import { judgeLine } from './rules.ts'
import { countCompared, NO_CALLS, type Run } from './run.ts'
import { statementLines } from './tables.ts'

/**
 * Posts the fees and taxes of the provider's statement, each line once, from where the last comparison left off that
 * posted all of them. Answers why some were not read, if so.
 */
export async function postFees(ctx: Ctx, run: Run): Promise<string | undefined> {
  const updatedAfter = await findFeesFrom(ctx.sql, run.id)
  for (let after: string | undefined; ;) {
    if (await callBudget(ctx).takePatiently(1, run.patienceMs) === 0) return NO_CALLS
    const page = await ctx.gateways.statements.listLines({ updatedAfter, after })
    await transact(ctx, (tx) => postPage(tx, run, page))
    crashPoint('fee.posted')
    countCompared(ctx, run, 'fees', page.lines.length + page.unreadable.length)
    if (!page.hasMore) return undefined
    if (page.next === undefined) return 'provider_unreadable'
    after = page.next
  }
}

async function postPage(tx: Tx, run: Run, { lines, unreadable }: StatementPage & { lines: readonly StatementLine[] }): Promise<void> {
  const byId = new Map(lines.map((line) => [line.id, line]))
  const posted = await findLines(tx.sql, [...byId.keys()])
  const verdicts = [...byId.values()].map((line) => ({ line, verdict: judgeLine(line, posted.get(line.id)) }))
  await postLines(tx, verdicts.flatMap(({ line, verdict }) => (verdict === 'post' ? [line] : [])))
  const parked = (providerId: string, what: string): NewDifference => ({ kind: 'statement', providerId, what, outcome: 'parked' })
  await note(tx, run, [
    ...unreadable.map((id) => parked(id, 'unreadable')),
    ...verdicts.flatMap(({ line, verdict }) => (verdict === 'post' || verdict === 'nothing' ? [] : [parked(line.id, verdict)])),
  ])
  crashPoint('fee.posting')
}

async function postLines(tx: Tx, lines: readonly StatementLine[]): Promise<void> {
  if (lines.length === 0) return
  await tx.sql.insert(statementLines).values(lines.map((line) => ({
    id: line.id, type: line.type, referenceId: line.referenceId || null, amountIdr: Math.trunc(line.amountIdr), feeIdr: line.feeIdr + line.taxIdr, withheldIdr: line.withheldIdr, at: line.at,
  })).toSorted((a, b) => (a.id < b.id ? -1 : 1))).onConflictDoNothing()
  await postAll(tx, lines.map((line) => ({
    key: `statement:${line.id}`, flow: 'provider_fee',
    entries: [
      { account: account.providerFees, amountIdr: -(line.feeIdr + line.taxIdr) },
      { account: account.taxWithheld, amountIdr: -line.withheldIdr },
      { account: account.providerClearing, amountIdr: line.feeIdr + line.taxIdr + line.withheldIdr },
    ],
  })))
}
