import { and, gt, inArray, sql, sum } from '../../platform/drizzle.ts'
import { crashPoint } from '../../platform/crash-points.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { earningHolds } from './tables.ts'

/** Holds back what a mitra earned from promotional credit, for `earningHoldSeconds`. Once a session; nothing for zero. */
export async function holdEarning(tx: Tx, earned: { sessionId: string; mitraId: string; amountIdr: number }): Promise<void> {
  if (earned.amountIdr <= 0) return
  await tx.sql.insert(earningHolds)
    .values({ ...earned, heldUntil: sql`app_now() + make_interval(secs => ${tx.settings.get('earningHoldSeconds')})` }).onConflictDoNothing()
  crashPoint('earning.holding')
}

/** What is held back of what these mitras have earned, in rupiah; 0 for who has nothing held. */
export async function sumHeldEarnings(handle: Queryable, mitraIds: readonly string[]): Promise<Map<string, number>> {
  const held = new Map(mitraIds.map((id) => [id, 0]))
  if (mitraIds.length === 0) return held
  const rows = await handle.select({ mitraId: earningHolds.mitraId, heldIdr: sum(earningHolds.amountIdr) }).from(earningHolds)
    .where(and(inArray(earningHolds.mitraId, [...mitraIds]), gt(earningHolds.heldUntil, sql`app_now()`))).groupBy(earningHolds.mitraId)
  for (const row of rows) held.set(row.mitraId, Number(row.heldIdr))
  return held
}
