import { sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { chainHash } from './rules.ts'
import { auditAppended } from './watch-audit.ts'
import { auditHead, auditLog, type AuditActorKind } from './tables.ts'

export type AuditEntry = {
  actorKind: AuditActorKind
  actorId?: string | undefined
  /** Verb with its subject, past tense: `setting.changed`, `mitra.approved`. */
  act: string
  targetType?: string | undefined
  targetId?: string | undefined
  reason?: string | undefined
  /** Ids, numbers and states; no names, phone numbers, texts or secrets. */
  details?: Record<string, unknown> | undefined
  requestId?: string | undefined
  ip?: string | undefined
}

/**
 * Adds a row to the chain in the transaction of the act itself, so that neither exists without the other.
 * It locks the head until the commit: make it the last statement of the transaction. Answers the row's seq.
 */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<number> {
  const [head] = await tx.sql.select({ seq: auditHead.seq, hash: auditHead.hash }).from(auditHead).for('update')
  if (!head) throw new Error('the audit head is missing')
  // Asked for after the lock was granted, so that times grow along the chain.
  const time = await tx.sql.execute<{ at: string }>(sql`select to_char(app_now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`)
  const at = time.rows[0]!.at
  // Through JSON once, so that what is hashed is what jsonb gives back.
  const details = JSON.parse(JSON.stringify(entry.details ?? {})) as Record<string, unknown>
  const row = {
    seq: head.seq + 1, id: tx.ids.next(), at, actorKind: entry.actorKind, actorId: entry.actorId ?? null, act: entry.act,
    targetType: entry.targetType ?? null, targetId: entry.targetId ?? null, reason: entry.reason ?? null, details,
    requestId: entry.requestId ?? null, ip: entry.ip ?? null,
  }
  const hash = chainHash(head.hash, row)
  await tx.sql.insert(auditLog).values({ ...row, at: new Date(at), prevHash: head.hash, hash })
  await tx.sql.update(auditHead).set({ seq: row.seq, hash })
  if (row.actorKind === 'staff') auditAppended(tx)
  return row.seq
}
