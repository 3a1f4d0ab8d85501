import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { checkCode, consumeChallenge } from './check-code.ts'

/**
 * Does `work` for whoever proves by a one-time code that a number is theirs, in the transaction that uses the code up. A
 * refusal that `work` returns is thrown after the commit: the code is used up all the same. Throws what a sign-in throws.
 */
export async function withProvenNumber<T>(ctx: Ctx, proof: { challengeId: string; code: string }, work: (tx: Tx, phoneHash: Buffer) => Promise<T | AppError>): Promise<T> {
  const challenge = await checkCode(ctx, proof.challengeId, proof.code)
  const outcome = await transact(ctx, async (tx) => {
    await consumeChallenge(tx.sql, challenge.id)
    return work(tx, challenge.phoneHash)
  })
  if (outcome instanceof AppError) throw outcome
  return outcome
}
