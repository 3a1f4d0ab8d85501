import { asc, gt } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { auditHead, auditLog } from './tables.ts'

export const AUDIT_CHANNEL = 'audit:appended'

/** What was done, to what: enough for an open page to read it again. */
export type ActTold = { seq: number; act: string; targetType: string | null; targetId: string | null }

/** The seq of the newest row. Rows commit in the order of their seq: none comes to stand below it later. */
export async function findAuditHead(handle: Queryable): Promise<number> {
  const [head] = await handle.select({ seq: auditHead.seq }).from(auditHead)
  return head?.seq ?? 0
}

/** What was done after this seq, the oldest first; `limit` of it at most. */
export async function findActsSince(handle: Queryable, seq: number, limit: number): Promise<ActTold[]> {
  return handle.select({ seq: auditLog.seq, act: auditLog.act, targetType: auditLog.targetType, targetId: auditLog.targetId })
    .from(auditLog).where(gt(auditLog.seq, seq)).orderBy(asc(auditLog.seq)).limit(limit)
}

/** Tells every replica that staff have done something; whoever shows it to others looks. */
export function auditAppended(tx: Pick<Tx, 'afterCommit'>): void {
  tx.afterCommit((ctx) => {
    for (const listener of here.get(ctx.valkey) ?? []) listener()
    ctx.valkey.broadcast(AUDIT_CHANNEL, '')
  })
}

const here = new WeakMap<object, Set<() => void>>()

/** Calls back for every act of staff that is told, here or elsewhere. What pub/sub loses stands in the rows. Answers how to stop hearing of those done here. */
export function listenForAudit(world: Pick<Tx, 'valkey'>, listener: () => void): () => void {
  const listeners = here.get(world.valkey) ?? new Set()
  here.set(world.valkey, listeners.add(listener))
  world.valkey.subscribe(AUDIT_CHANNEL, listener)
  return () => void listeners.delete(listener)
}
