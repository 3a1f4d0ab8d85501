import type { Ctx } from '../../platform/ctx.ts'
import { verifyAudit } from '../audit/index.ts'
import type { VerdictReply, VerifyBody } from './control-contract.ts'

/** Verifies a stretch of the audit chain, and answers where the next one begins. */
export async function verifyChain(ctx: Ctx, { after, rows }: VerifyBody): Promise<VerdictReply> {
  const [seq, hash] = after?.split(':') ?? []
  const from = seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash: Buffer.from(hash, 'hex') }
  const verdict = await verifyAudit(ctx.sql, { from, most: rows })
  // A head kept outside of the database shows a chain that was made anew from some row on.
  const told = verdict.ok ? { ok: true, checked: verdict.checked, headSeq: verdict.headSeq, headHash: verdict.headHash } : verdict
  ctx.log[verdict.ok ? 'info' : 'error'](told, 'audit chain verified')
  return { ...told, next: verdict.ok && verdict.next ? `${verdict.next.seq}:${verdict.next.hash.toString('hex')}` : null }
}
