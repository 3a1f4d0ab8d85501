import type { Pool } from 'pg'
import { coalesce } from '../../platform/coalesce.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { askHot } from './hot-pool.ts'
import { othersOf, type Members } from './members.ts'
import type { ToldReceipts } from './told-receipts.ts'

export type Receipt = { conversationId: string; userId: string; what: 'read' | 'delivered'; seq: number; connectionId?: string }

/** How far somebody has read or received; answers where they stand now. Throws `not_found` to who is no member. */
export type Receipts = (receipt: Receipt) => Promise<number>

// Both only grow and never pass the head; what is read is delivered. Rows are locked in one order for all replicas.
const MOVE = `
with given as (
  select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) as g(conversation_id, user_id, read_seq, delivered_seq)
), locked as materialized (
  select m.conversation_id, m.user_id, m.read_seq, m.delivered_seq, least(g.read_seq, c.head_seq) as new_read, least(greatest(g.delivered_seq, g.read_seq), c.head_seq) as new_delivered
  from (select * from given order by conversation_id, user_id) g
  cross join lateral (select x.head_seq from conversations x where x.id = g.conversation_id limit 1) c
  cross join lateral (select x.* from conversation_members x where x.conversation_id = g.conversation_id and x.user_id = g.user_id for no key update) m
), moved as (
  update conversation_members m set read_seq = greatest(m.read_seq, l.new_read), delivered_seq = greatest(m.delivered_seq, l.new_delivered)
  from locked l where m.conversation_id = l.conversation_id and m.user_id = l.user_id and (m.read_seq < l.new_read or m.delivered_seq < l.new_delivered)
)
select conversation_id, user_id, greatest(read_seq, new_read)::float8 as read_seq, greatest(delivered_seq, new_delivered)::float8 as delivered_seq,
  new_read > read_seq as has_read, new_delivered > delivered_seq as has_received
from locked`

type Row = { conversation_id: string; user_id: string; read_seq: number; delivered_seq: number; has_read: boolean; has_received: boolean }
type Wish = { conversationId: string; userId: string; read: number; delivered: number }

/** Receipts of one turn, and those that pile up, are one UPDATE: a phone sends one for every message it gets. */
export function createReceipts(ctx: Ctx, pool: Pool, members: Members, told: ToldReceipts): Receipts {
  const move = coalesce<Receipt, Row | undefined>({
    lanes: 1, most: 500,
    async run(receipts) {
      const moved = await moveAll(pool, furthest(receipts))
      await tell(ctx, members, receipts, moved, told)
      return receipts.map((receipt) => moved.get(keyOf(receipt)))
    },
  })
  return async (receipt) => {
    await members.access(receipt.conversationId, receipt.userId)
    const row = await move(receipt)
    if (row === undefined) throw new AppError('not_found', 'There is no such conversation.')
    return receipt.what === 'read' ? row.read_seq : row.delivered_seq
  }
}

const keyOf = ({ conversationId, userId }: { conversationId: string; userId: string }) => `${conversationId} ${userId}`

function furthest(receipts: readonly Receipt[]): Wish[] {
  const wishes = new Map<string, Wish>()
  for (const receipt of receipts) {
    const key = keyOf(receipt)
    const wish = wishes.get(key) ?? { conversationId: receipt.conversationId, userId: receipt.userId, read: 0, delivered: 0 }
    wish[receipt.what] = Math.max(wish[receipt.what], receipt.seq)
    wishes.set(key, wish)
  }
  return [...wishes.values()]
}

async function moveAll(pool: Pool, wishes: readonly Wish[]): Promise<Map<string, Row>> {
  const rows = await askHot<Row>(pool, 'chat-receipts', MOVE, [
    wishes.map((wish) => wish.conversationId), wishes.map((wish) => wish.userId), wishes.map((wish) => wish.read), wishes.map((wish) => wish.delivered),
  ])
  return new Map(rows.map((row) => [`${row.conversation_id} ${row.user_id}`, row]))
}

// To the other members; one's own other devices follow what was read.
async function tell(ctx: Ctx, members: Members, receipts: readonly Receipt[], moved: ReadonlyMap<string, Row>, told: ToldReceipts): Promise<void> {
  const readers = readersOf(receipts)
  const memberships = await Promise.all([...moved.values()].map((row) => members.find(row.conversation_id)))
  for (const [at, [key, row]] of [...moved].entries()) {
    const membership = memberships[at]
    if (membership === undefined) continue
    const { conversation_id: conversationId, user_id: userId } = row
    if (row.has_read || row.has_received) told.note(key, { read: row.read_seq, delivered: row.delivered_seq })
    if (row.has_read) ctx.publish(membership.memberIds, { type: 'message:read', conversationId, seq: row.read_seq, userId }, { exceptConnectionId: readers.get(key)?.connectionId })
    // What is read is delivered: only what was delivered beyond it is news.
    if (row.has_received && (!row.has_read || row.delivered_seq > row.read_seq)) ctx.publish(othersOf(membership, userId), { type: 'message:delivered', conversationId, seq: row.delivered_seq, userId })
  }
}

// Of two devices that read in one turn, the one that has read further knows it; the other one is told.
function readersOf(receipts: readonly Receipt[]): Map<string, Receipt> {
  const readers = new Map<string, Receipt>()
  for (const receipt of receipts) {
    const key = keyOf(receipt)
    if (receipt.what === 'read' && receipt.seq > (readers.get(key)?.seq ?? -1)) readers.set(key, receipt)
  }
  return readers
}
