import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { writeOutbox } from '../../platform/outbox.ts'
import { changeStatus, type StaffAct } from './change-status.ts'
import { closeIntervals } from './intervals.ts'
import type { Mitra } from './queries.ts'

/**
 * `approved` → `deactivated`, at once: out of matching in this transaction, out of the mirror and told to the mitra's
 * sockets after it, offers and holds withdrawn through the outbox. Running sessions go on unless staff end them.
 */
export async function deactivateMitra(tx: Tx, act: StaffAct & { reason: string }): Promise<Mitra> {
  const { mitraId } = act
  return changeStatus(tx, act, {
    from: ['approved'], to: 'deactivated', act: 'mitra.deactivated',
    set: { deactivatedAt: sql`app_now()`, wantsOnline: false, stale: false },
    also: async () => {
      await closeIntervals(tx, 'online', [{ mitraId }])
      await writeOutbox(tx, [{ topic: 'mitras.unavailable', payload: { mitraId } }])
    },
  })
}

/** `deactivated` → `approved`. The mitra is offline until they wish to be online again. */
export async function reactivateMitra(tx: Tx, act: StaffAct): Promise<Mitra> {
  const { mitraId } = act
  return changeStatus(tx, act, {
    from: ['deactivated'], to: 'approved', act: 'mitra.reactivated', set: { deactivatedAt: null },
    also: () => writeOutbox(tx, [{ topic: 'mitras.available', payload: { mitraId } }]),
  })
}
