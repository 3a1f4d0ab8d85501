import { asc, gt, sql } from '../../platform/drizzle.ts'
import type { Sql, Transaction } from '../../platform/database.ts'
import { chainHash, FIRST_HASH } from './rules.ts'
import { auditHead, auditLog } from './tables.ts'

const PAGE = 1000

/**
 * `content`: a column was changed. `chain`: the hash before it is another. `missing`: no such row, also where the tail
 * was cut off. `unexpected`: a row before the first or after the head. `head`: the head tells of another last row.
 */
export type AuditProblem = 'content' | 'chain' | 'missing' | 'unexpected' | 'head'
export type AuditVerdict =
  | { ok: true; checked: number; headSeq: number; headHash: string }
  | { ok: false; checked: number; brokenSeq: number; problem: AuditProblem }

/** Recomputes the whole chain on one snapshot, a page at a time, and names the first row that is not as it was written. */
export async function verifyAudit(handle: Sql, options: { pageSize?: number } = {}): Promise<AuditVerdict> {
  return handle.transaction((tx) => walk(tx, options.pageSize ?? PAGE), { isolationLevel: 'repeatable read', accessMode: 'read only' })
}

async function walk(tx: Transaction, pageSize: number): Promise<AuditVerdict> {
  const [head] = await tx.select().from(auditHead)
  let at = { seq: 0, hash: FIRST_HASH }
  const broken = (seq: number, problem: AuditProblem): AuditVerdict => ({ ok: false, checked: at.seq, brokenSeq: seq, problem })
  for (let after = Number.MIN_SAFE_INTEGER; ; after = at.seq) {
    const page = await readPage(tx, after, pageSize)
    for (const row of page) {
      if (row.seq <= at.seq) return broken(row.seq, 'unexpected')
      if (row.seq !== at.seq + 1) return broken(at.seq + 1, 'missing')
      if (!row.prevHash.equals(at.hash)) return broken(row.seq, 'chain')
      if (!row.hash.equals(chainHash(row.prevHash, row))) return broken(row.seq, 'content')
      if (!head || row.seq > head.seq) return broken(row.seq, 'unexpected')
      at = { seq: row.seq, hash: row.hash }
    }
    if (page.length < pageSize) break
  }
  if (!head || head.seq > at.seq) return broken(at.seq + 1, 'missing')
  if (!head.hash.equals(at.hash)) return broken(at.seq, 'head')
  return { ok: true, checked: at.seq, headSeq: at.seq, headHash: at.hash.toString('hex') }
}

function readPage(tx: Transaction, afterSeq: number, limit: number) {
  return tx
    .select({
      seq: auditLog.seq, id: auditLog.id, at: sql<string>`to_char(${auditLog.at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
      actorKind: auditLog.actorKind, actorId: auditLog.actorId, act: auditLog.act, targetType: auditLog.targetType, targetId: auditLog.targetId,
      reason: auditLog.reason, details: auditLog.details, requestId: auditLog.requestId, ip: auditLog.ip, prevHash: auditLog.prevHash, hash: auditLog.hash,
    })
    .from(auditLog).where(gt(auditLog.seq, afterSeq)).orderBy(asc(auditLog.seq)).limit(limit)
}
