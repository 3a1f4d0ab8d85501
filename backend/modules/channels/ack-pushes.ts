import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'

/** What a device tells of one push; `atMs` is its own clock's, and only believed between the sending and now. */
export type PushAck = { pushId: string; event: 'delivered' | 'opened'; atMs?: number | undefined }

type Row = { kind: string; dedupe_key: string; was_delivered: boolean; is_opened: boolean }

/**
 * Notes what has reached a device of this person and what they opened, each since the first time; what was opened has been
 * delivered. Ids of nobody's and of others' are passed over alike. Answers the dedupe keys of what was opened just now.
 */
export async function ackPushes(tx: Tx, userId: string, acks: readonly PushAck[]): Promise<string[]> {
  const asked = JSON.stringify(acks.map(({ pushId, event, atMs }) => ({ id: pushId, event, at_ms: atMs === undefined ? null : Math.max(0, atMs) })))
  // Locked in one order: two devices that tell of the same pushes wait for one another, never in a circle.
  const { rows } = await tx.sql.execute<Row>(sql`
    with told as materialized (
      select id, least(app_now(), coalesce(to_timestamp(min(at_ms) / 1000.0), app_now())) as delivered_at, bool_or(event = 'opened') as is_opened,
        least(app_now(), coalesce(to_timestamp(min(at_ms) filter (where event = 'opened') / 1000.0), app_now())) as opened_at
      from jsonb_to_recordset(${asked}::jsonb) as r(id uuid, event text, at_ms float8) group by id),
    own as materialized (
      select p.id, p.delivered_at is not null as was_delivered, told.is_opened, told.opened_at,
        coalesce(p.delivered_at, greatest(told.delivered_at, p.sent_at, p.created_at)) as delivered_at
      from pushes p join told using (id)
      where p.user_id = ${userId} and (p.delivered_at is null or (told.is_opened and p.opened_at is null)) order by p.id for update of p)
    update pushes p set delivered_at = own.delivered_at, opened_at = case when own.is_opened then greatest(own.opened_at, own.delivered_at) end
    from own where p.id = own.id returning p.kind, p.dedupe_key, own.was_delivered, own.is_opened`)
  tx.afterCommit((ctx) => {
    for (const row of rows) {
      if (!row.was_delivered) ctx.metrics.pushAcks.inc({ kind: row.kind, event: 'delivered' })
      if (row.is_opened) ctx.metrics.pushAcks.inc({ kind: row.kind, event: 'opened' })
    }
  })
  return rows.filter((row) => row.is_opened).map((row) => row.dedupe_key)
}
