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
/** `checked`: the last row that is as it was written. `next`: where to go on, for a chain that is longer than was asked for. */
export type AuditVerdict =
  | { ok: true; checked: number; headSeq: number; headHash: string; next?: AuditPosition }
  | { ok: false; checked: number; brokenSeq: number; problem: AuditProblem }
/** A row up to which the chain is known to be whole, by its number and hash. */
export type AuditPosition = { seq: number; hash: Buffer }

const START: AuditPosition = { seq: 0, hash: FIRST_HASH }

/**
 * Recomputes the chain on one snapshot, a page at a time, and names the first row that is not as it was written. With
 * `most` it stops after about so many rows and answers where to go on: what follows must hang on that very hash.
 */
export async function verifyAudit(handle: Sql, options: { pageSize?: number; from?: AuditPosition | undefined; most?: number } = {}): Promise<AuditVerdict> {
  const { pageSize = PAGE, from = START, most = Number.POSITIVE_INFINITY } = options
  return handle.transaction((tx) => walk(tx, { pageSize, from, most }), { isolationLevel: 'repeatable read', accessMode: 'read only' })
}

async function walk(tx: Transaction, { pageSize, from, most }: { pageSize: number; from: AuditPosition; most: number }): Promise<AuditVerdict> {
  const [head] = await tx.select().from(auditHead)
  let at = from
  const broken = (seq: number, problem: AuditProblem): AuditVerdict => ({ ok: false, checked: at.seq, brokenSeq: seq, problem })
  for (let after = from.seq === 0 ? Number.MIN_SAFE_INTEGER : from.seq; ; after = at.seq) {
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
    if (head && at.seq - from.seq >= most && head.seq > at.seq) return { ok: true, checked: at.seq, headSeq: head.seq, headHash: head.hash.toString('hex'), next: at }
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
