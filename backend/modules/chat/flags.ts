import { sql, type SQL } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'

export type MessageFlag = { conversationId: string; seq: number; change: number; senderId: string; kinds: string[]; body: string; sentAt: Date }

type Row = { conversation_id: string; seq: string; change: string; sender_id: string; kinds: string; body: string; sent_ms: string }

const listeners = new WeakMap<object, () => void>()

/** Says that a message was stored with a flag. Never waits; what nobody hears is found by the sweep. */
export function signalFlags(ctx: Pick<Ctx, 'pool'>): void {
  listeners.get(ctx.pool)?.()
}

/** One listener a replica: its worker. */
export function onFlags(ctx: Ctx, listener: () => void): void {
  listeners.set(ctx.pool, listener)
}

/** Whether there is anything for `takeFlags`. */
export function areFlagsLeft(): SQL {
  return sql`exists (select from message_flags)`
}

/** Takes flags out of their table, oldest first, in the transaction of their consequences: each is taken once, or stays. */
export async function takeFlags(tx: Tx, limit: number): Promise<MessageFlag[]> {
  const { rows } = await tx.sql.execute<Row>(sql`
    delete from message_flags where id = any(array(select id from message_flags order by id limit ${limit} for update skip locked))
    returning conversation_id, seq, change, sender_id, kinds, body, extract(epoch from sent_at) * 1000 as sent_ms`)
  return rows.map((row) => ({
    conversationId: row.conversation_id, seq: Number(row.seq), change: Number(row.change), senderId: row.sender_id, kinds: row.kinds.split(','), body: row.body, sentAt: new Date(Number(row.sent_ms)),
  }))
}
