import type { Tx } from '../../platform/ctx.ts'
import { notify } from '../notifications/index.ts'
import type { Tip } from './tables.ts'

/** The mitra hears of a tip once it is theirs. */
export async function tellTip(tx: Tx, tip: Pick<Tip, 'id' | 'mitraId' | 'sessionId' | 'amountIdr'>): Promise<void> {
  await notify(tx, [{
    userId: tip.mitraId, kind: 'tip', dedupeKey: `tip:${tip.id}`, title: 'Kamu dapat tip', body: `Rp ${tip.amountIdr.toLocaleString('id-ID')} dari pelangganmu.`,
    data: { kind: 'tip', sessionId: tip.sessionId }, push: { tag: `tip:${tip.id}`, ttlSeconds: 86_400, highPriority: false },
  }])
}
