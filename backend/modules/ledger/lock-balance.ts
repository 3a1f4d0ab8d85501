import { eq } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { ledgerBalances } from './tables.ts'

/**
 * What a person's account holds, in rupiah, and nobody moves it until the commit. Lock several in the order of their
 * names, as postings do.
 */
export async function lockBalance(tx: Tx, name: string): Promise<number> {
  const [row] = await tx.sql.select({ balanceIdr: ledgerBalances.balanceIdr }).from(ledgerBalances).where(eq(ledgerBalances.account, name)).for('update')
  return row?.balanceIdr ?? 0
}
