import { crashPoint } from '../../platform/crash-points.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import type { StatementLine } from '../../platform/gateways.ts'
import { account, postAll } from '../ledger/index.ts'
import { callBudget } from '../payments/index.ts'
import { countParked, type Run } from './park-difference.ts'
import { noteDifference } from './queries.ts'
import { judgeLine } from './rules.ts'
import { statementLines } from './tables.ts'

const PATIENCE_MS = 5000

/** Posts the fees and taxes of the provider's statement since then, each line once; false: there were no calls left. */
export async function postFees(ctx: Ctx, run: Run, updatedAfter: Date): Promise<boolean> {
  for (let after: string | undefined; ;) {
    if (!(await callBudget(ctx).wait(PATIENCE_MS))) return false
    const page = await ctx.gateways.statements.listLines({ updatedAfter, after })
    const verdicts = page.lines.map((line) => ({ line, verdict: judgeLine(line) }))
    await postLines(ctx, verdicts.flatMap(({ line, verdict }) => (verdict === 'post' ? [line] : [])))
    for (const { line, verdict } of verdicts) {
      if (verdict === 'post' || verdict === 'nothing') continue
      if (await noteDifference(ctx, run.id, { kind: 'statement', providerId: line.id, what: verdict, outcome: 'parked' })) countParked(ctx, run, 'statement')
    }
    if (page.next === undefined) return true
    after = page.next
  }
}

async function postLines(ctx: Ctx, lines: readonly StatementLine[]): Promise<void> {
  if (lines.length === 0) return
  await transact(ctx, async (tx) => {
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
    crashPoint('fee.posting')
  })
  crashPoint('fee.posted')
}
