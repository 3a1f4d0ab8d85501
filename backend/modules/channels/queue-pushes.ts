import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Priority } from './kinds.ts'
import { LANES, priorityNumber, queueOfLane } from './lanes.ts'
import { pushes } from './tables.ts'

export type NewPush = {
  userId: string
  kind: string
  /** One push a person and key, however often and by whomever it is given. */
  dedupeKey: string
  title: string
  body: string
  /** `kind` and ids; values are strings, as FCM wants them. */
  data: Record<string, string>
  /** Replaces what is shown under it; the same on every try. */
  tag: string
  /** After this nobody wants it any more. */
  ttlSeconds: number
  priority: Priority
  /** False: it waits for the end of the person's quiet hours. */
  critical?: boolean | undefined
  /** The key of the words that it was made from. */
  template?: string | undefined
  announcementId?: string | undefined
}

/** Stores pushes in this transaction, in the order given; once it is committed, their lanes are woken. */
export async function queuePushes(tx: Tx, wanted: readonly NewPush[]): Promise<void> {
  if (wanted.length === 0) return
  const rows = await tx.sql.insert(pushes).values(wanted.map(({ ttlSeconds, priority, ...push }) => ({
    // A version before 0049 sends by `high_priority`.
    ...push, id: tx.ids.next(), priority: priorityNumber(priority), highPriority: priority === 'urgent' || priority === 'high',
    expiresAt: sql`app_now() + make_interval(secs => ${ttlSeconds})`,
  }))).onConflictDoNothing({ target: [pushes.userId, pushes.dedupeKey] }).returning({ id: pushes.id, priority: pushes.priority })
  // One wake a lane, however many there are: who hears it takes all that are due. The id is for a version before, which knows no more.
  const first = new Map(rows.toReversed().map((row) => [row.priority, row.id]))
  tx.afterCommit((ctx) => {
    for (const [priority, id] of first) ctx.enqueue(queueOfLane(LANES[priority]!), id)
  })
}
