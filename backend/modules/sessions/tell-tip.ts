import type { Tx } from '../../platform/ctx.ts'
import { notify } from '../notifications/index.ts'
import type { Tip } from './tables.ts'

/** The mitra hears of a tip once it is theirs. */
export async function tellTip(tx: Tx, tip: Pick<Tip, 'id' | 'mitraId' | 'sessionId' | 'amountIdr'>): Promise<void> {
  await notify(tx, [{
    userId: tip.mitraId, template: 'tip.received', variables: { amount: tip.amountIdr }, dedupeKey: `tip:${tip.id}`, data: { sessionId: tip.sessionId, tipId: tip.id },
  }])
}
