import { and, eq, inArray, isNull } from '../../platform/drizzle.ts'
import { crashPoint, crashPointAfterCommit } from '../../platform/crash-points.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { setWritableUntil } from '../chat/index.ts'
import { announceSessions } from './announce.ts'
import { addSeconds, changeSession, decideOnSession, findPurchases, isBought, type Seen } from './queries.ts'
import { nextDueWhileActive } from './rules.ts'
import { sessions } from './tables.ts'

/** The clock of an active session starts when its customer is seen; until then they lose no time. */
export async function startClocks(ctx: Ctx, customerIds: readonly string[]): Promise<void> {
  if (customerIds.length === 0) return
  const rows = await ctx.sql.select({ id: sessions.id }).from(sessions)
    .where(and(inArray(sessions.customerId, [...customerIds]), eq(sessions.state, 'active'), isNull(sessions.clockStartedAt)))
  const started = await Promise.allSettled(rows.map((row) => decideOnSession(ctx, row.id, startClock)))
  const failed = started.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
}

async function startClock(tx: Tx, seen: Seen): Promise<void> {
  const { session, now } = seen
  if (session.state !== 'active' || session.clockStartedAt || !session.acceptedAt || !session.conversationId) return
  const latest = addSeconds(session.acceptedAt, tx.settings.get('clockStartSeconds'))
  if (now >= latest) return // the deadline starts it, as of then
  crashPointAfterCommit(tx, 'clock.started')
  const minutes = (await findPurchases(tx.sql, session.id)).filter(isBought).reduce((sum, purchase) => sum + purchase.minutes, 0)
  const endsAt = addSeconds(now, minutes * 60)
  await changeSession(tx, seen, {
    set: { clockStartedAt: now, endsAt, dueAt: nextDueWhileActive(endsAt, now, tx.settings.get('warningSeconds')) },
    event: 'clock_started', actor: { kind: 'customer', id: session.customerId },
  })
  await setWritableUntil(tx, session.conversationId, endsAt)
  announceSessions(tx, [session.id])
  crashPoint('clock.starting')
}

export type SeenCustomers = { seen(customerId: string): void; flush(): Promise<void> }

/** Gathers the customers seen by this replica; `flush` (once a second) starts the clocks that waited for them. */
export function createSeenCustomers(ctx: Ctx): SeenCustomers {
  let gathered = new Set<string>()
  return {
    seen: (customerId) => void gathered.add(customerId),
    async flush() {
      const ids = [...gathered]
      gathered = new Set()
      try {
        await startClocks(ctx, ids)
      } catch (error) {
        // They were seen: the next flush starts what this one could not.
        for (const id of ids) gathered.add(id)
        throw error
      }
    },
  }
}

