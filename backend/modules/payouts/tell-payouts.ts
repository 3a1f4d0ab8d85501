import type { Tx } from '../../platform/ctx.ts'
import { findAccountsById } from '../mitras/index.ts'
import { notify, type Notice } from '../notifications/index.ts'
import type { Payout } from './tables.ts'

export type Told = 'requested' | 'succeeded' | 'failed' | 'reversed' | 'rejected'

/** Tells mitras that a payout was asked for, or how theirs ended, once each. */
export async function tellPayouts(tx: Tx, rows: readonly Payout[], outcome: Told): Promise<void> {
  const accounts = await findAccountsById(tx.sql, tx, rows.map((row) => row.bankAccountId))
  await notify(tx, rows.map((row): Notice => {
    const about = { userId: row.mitraId, dedupeKey: `payout:${row.id}:${outcome}`, data: { payoutId: row.id } }
    if (outcome !== 'succeeded' && outcome !== 'requested') return { ...about, template: `payout.${outcome}`, variables: { amount: row.amountIdr } }
    const account = accounts.get(row.bankAccountId)!
    return { ...about, template: `payout.${outcome}`, variables: { amount: row.amountIdr, bank: account.bankCode, number: account.accountNumberMasked } }
  }))
}
