import { asRows } from '../../platform/as-rows.ts'
import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Priority } from './kinds.ts'
import { LANES, priorityNumber, queueOfLane } from './lanes.ts'

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
  // A version before 0049 sends by `high_priority`.
  const { rows } = await tx.sql.execute<{ id: string; priority: number }>(sql`
    insert into pushes (id, user_id, kind, dedupe_key, title, body, data, tag, priority, high_priority, critical, template, announcement_id, created_at, due_at, expires_at)
    select r.id, r.user_id, r.kind, r.dedupe_key, r.title, r.body, r.data::jsonb, r.tag, r.priority, r.priority <= ${priorityNumber('high')}, r.critical, r.template, r.announcement_id, (select app_now()), (select app_now()), (select app_now()) + make_interval(secs => r.ttl_seconds)
    from ${asRows(wanted, {
      id: ['uuid', () => tx.ids.next()], user_id: ['uuid', (push) => push.userId], kind: ['text', (push) => push.kind], dedupe_key: ['text', (push) => push.dedupeKey],
      title: ['text', (push) => push.title], body: ['text', (push) => push.body], data: ['text', (push) => JSON.stringify(push.data)], tag: ['text', (push) => push.tag],
      priority: ['integer', (push) => priorityNumber(push.priority)], critical: ['boolean', (push) => push.critical ?? true], template: ['text', (push) => push.template ?? null],
      announcement_id: ['uuid', (push) => push.announcementId ?? null], ttl_seconds: ['float8', (push) => push.ttlSeconds],
    })}
    on conflict (user_id, dedupe_key) do nothing returning id, priority`)
  // One wake a lane, however many there are: who hears it takes all that are due. The id is for a version before, which knows no more.
  const first = new Map(rows.toReversed().map((row) => [row.priority, row.id]))
  tx.afterCommit((ctx) => {
    for (const [priority, id] of first) ctx.enqueue(queueOfLane(LANES[priority]!), id)
  })
}
