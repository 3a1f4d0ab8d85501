import type { Tx } from '../../platform/ctx.ts'
import { findAccountsById } from '../mitras/index.ts'
import { notify } from '../notifications/index.ts'
import type { Payout } from './tables.ts'

export type Told = 'succeeded' | 'failed' | 'reversed' | 'rejected'

const TITLES: Readonly<Record<Told, string>> = {
  succeeded: 'Pencairan berhasil', failed: 'Pencairan gagal', reversed: 'Pencairan dikembalikan', rejected: 'Pencairan ditolak',
}
const rupiah = new Intl.NumberFormat('id-ID')

/** Tells mitras how their payouts ended, once each. */
export async function tellPayouts(tx: Tx, rows: readonly Payout[], outcome: Told): Promise<void> {
  const accounts = await findAccountsById(tx.sql, tx, rows.map((row) => row.bankAccountId))
  await notify(tx, rows.map((row) => {
    const account = accounts.get(row.bankAccountId)!
    const sum = `Rp ${rupiah.format(row.amountIdr)}`
    const body = outcome === 'succeeded' ? `${sum} sudah dikirim ke ${account.bankCode} ${account.accountNumberMasked}.` : `${sum} tetap ada di pendapatanmu. Periksa rekeningmu, lalu minta lagi.`
    return {
      userId: row.mitraId, kind: 'payout', dedupeKey: `payout:${row.id}:${outcome}`, title: TITLES[outcome], body,
      data: { payoutId: row.id }, push: { tag: `payout:${row.id}`, ttlSeconds: 86_400, highPriority: false },
    }
  }))
}
