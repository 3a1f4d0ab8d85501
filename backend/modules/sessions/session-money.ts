import type { Tx } from '../../platform/ctx.ts'
import { account, findPostingsOfSession, sumAccount } from '../ledger/index.ts'
import { settleKey } from './money.ts'
import { findPurchases, findSession } from './queries.ts'
import type { Purchase, Session } from './tables.ts'

export type SessionMoney = { session: Session; purchases: Purchase[]; escrowIdr: number; settledMitraIdr: number; settledPlatformIdr: number }

/** A session's money as it stands: what the escrow holds, and what of it was settled to whom. Undefined without a session. */
export async function moneyOfSession(tx: Tx, sessionId: string): Promise<SessionMoney | undefined> {
  const seen = await findSession(tx.sql, sessionId)
  if (!seen) return undefined
  const purchases = await findPurchases(tx.sql, sessionId)
  const escrowIdr = await sumAccount(tx.sql, account.escrow(sessionId))
  const settled = (await findPostingsOfSession(tx.sql, sessionId)).find((posting) => posting.key === settleKey(sessionId))
  const sumOf = (isWanted: (name: string) => boolean) => (settled?.entries ?? []).filter((entry) => isWanted(entry.account)).reduce((sum, entry) => sum + entry.amountIdr, 0)
  return {
    session: seen.session, purchases, escrowIdr,
    settledMitraIdr: sumOf((name) => name.startsWith('mitra_payable:')), settledPlatformIdr: sumOf((name) => name === account.platformRevenue),
  }
}
