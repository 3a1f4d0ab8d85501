import { and, eq, gt, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { notify } from '../notifications/index.ts'
import { putOffline } from './put-offline.ts'
import { mitras } from './tables.ts'

/**
 * An offer has run out unanswered. The `missedOffersMost`th in a row takes the mitra offline in this transaction, with a
 * message that says why. The caller has not touched slots yet: they are locked after the mitra.
 */
export async function noteMissed(tx: Tx, offer: { id: string; mitraId: string }): Promise<void> {
  const [mitra] = await tx.sql.update(mitras).set({ missedInRow: sql`${mitras.missedInRow} + 1` }).where(eq(mitras.userId, offer.mitraId))
    .returning({ missed: mitras.missedInRow, wantsOnline: mitras.wantsOnline })
  const most = tx.settings.get('missedOffersMost')
  if (!mitra || most === 0 || mitra.missed < most || !mitra.wantsOnline) return
  await tx.sql.update(mitras).set({ missedInRow: 0 }).where(eq(mitras.userId, offer.mitraId))
  await putOffline(tx, [offer.mitraId], 'missed_offers')
  await notify(tx, [{
    userId: offer.mitraId, template: 'status.missed_offers', variables: { count: mitra.missed }, dedupeKey: `missed:${offer.id}`, data: { offlineBecause: 'missed_offers' },
  }])
}

/** The mitra has accepted or declined: whatever was missed before is forgotten. */
export async function noteAnswered(tx: Tx, mitraId: string): Promise<void> {
  await tx.sql.update(mitras).set({ missedInRow: 0 }).where(and(eq(mitras.userId, mitraId), gt(mitras.missedInRow, 0)))
}
