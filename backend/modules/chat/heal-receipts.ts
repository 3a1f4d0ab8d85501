import { sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Healer } from '../../platform/realtime/healer.ts'
import type { Healed, Hub } from '../../platform/realtime/hub.ts'
import type { Places, ToldReceipts } from './told-receipts.ts'

/** Also the last words' receipts, after the end. */
const AFTER_END_SECONDS = 600

type Mark = Places & { conversationId: string; userId: string; memberIds: readonly string[] }

/**
 * Tells this replica's sockets once more how far people have read and received, where it has not told that itself.
 * Nobody knows what pub/sub delivered, and an index on the places would end their updates in place: what changed since
 * the last look is known by its rows' transaction ids, and told at the look after. Places only grow: twice is no harm.
 */
export function createReceiptHealer(told: ToldReceipts): Healer {
  let snapshot: string | undefined
  let lookedAtMs = 0
  let changed = new Map<string, Mark>()
  return {
    what: 'receipts',
    async find(ctx, { hub, sinceSeconds }) {
      const nowMs = performance.now()
      // Nobody was here for a while, and the loop has begun anew.
      if (nowMs - lookedAtMs > sinceSeconds * 1000) {
        snapshot = undefined
        changed = new Map()
      }
      const found = await findChanged(ctx, hub, snapshot)
      for (const [key, mark] of changed) {
        const newest = found.marks.get(key) ?? mark
        found.marks.delete(key)
        // Given to the hub here: most of it was not lost, and is not to be counted as that.
        if (!told.knows(key, newest)) hub.heal(toldAgain(newest))
      }
      told.forget()
      changed = found.marks
      snapshot = found.snapshot
      lookedAtMs = nowMs
      return []
    },
  }
}

type Row = { snapshot: string; conversation_id: string | null; user_id: string; read_seq: string; delivered_seq: string; members: string[] }

// A row whose version is of a transaction that had not ended at the last look; all of them at the first one.
async function findChanged(ctx: Ctx, hub: Hub, since: string | undefined): Promise<{ snapshot: string; marks: Map<string, Mark> }> {
  const { rows } = await ctx.sql.execute<Row>(sql`
    select s.snapshot, x.* from (select pg_snapshot_xmin(pg_current_snapshot())::text as snapshot) s
    left join lateral (
      select c.id as conversation_id, m.user_id, m.read_seq, m.delivered_seq, array(select o.user_id from conversation_members o where o.conversation_id = c.id) as members
      from conversations c join conversation_members m on m.conversation_id = c.id
      where c.writable_until > app_now() - make_interval(secs => ${AFTER_END_SECONDS}) and m.delivered_seq > 0
        ${since === undefined ? sql`` : sql`and age(m.xmin) <= age(${since}::text::xid8::xid)`}
    ) x on true`)
  const marks = new Map<string, Mark>()
  for (const { conversation_id: conversationId, user_id: userId, read_seq, delivered_seq, members: memberIds } of rows) {
    if (conversationId === null || !memberIds.some((memberId) => hub.isConnected(memberId))) continue
    marks.set(`${conversationId} ${userId}`, { conversationId, userId, memberIds, read: Number(read_seq), delivered: Number(delivered_seq) })
  }
  return { snapshot: rows[0]!.snapshot, marks }
}

// What is read is delivered; who reads has other devices, which follow.
function toldAgain({ conversationId, userId, memberIds, read, delivered }: Mark): Healed[] {
  const frames: Healed[] = []
  if (read > 0) frames.push({ userIds: memberIds, frame: { type: 'message:read', conversationId, seq: read, userId } })
  if (delivered > read) frames.push({ userIds: memberIds.filter((memberId) => memberId !== userId), frame: { type: 'message:delivered', conversationId, seq: delivered, userId } })
  return frames
}
