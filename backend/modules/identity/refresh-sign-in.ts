import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { accessTokensOf } from './access-tokens.ts'
import { findStanding, hashToken, repeat, rotate, type Issued } from './refresh-tokens.ts'
import { revokeSignIns } from './revocations.ts'
import { accountSuspended, findOutOf } from './standings.ts'
import { writeSignInEvent } from './topics.ts'

export type TokenPair = { accessToken: string; accessTokenExpiresAt: string; refreshToken: string; refreshTokenExpiresAt: string }

/**
 * Trades a refresh token for the next pair. The most recent one may be repeated once within 30 s and answers the same
 * successor (the answer was lost); any other reuse means that two hold the token, and ends the whole family.
 * Throws `unauthenticated`, `token_expired`, `token_reused` or `account_suspended`.
 */
export async function refreshSignIn(ctx: Ctx, refreshToken: string): Promise<TokenPair> {
  const tokenHash = hashToken(refreshToken)
  // A refusal is carried out of the transaction: the end of the family is to be committed.
  const outcome = await transact(ctx, async (tx): Promise<Issued | AppError> => {
    const issued = (await rotate(tx, tokenHash)) ?? (await repeat(tx, tokenHash))
    if (issued) return issued
    const standing = await findStanding(tx.sql, tokenHash)
    if (!standing) return new AppError('unauthenticated', 'This refresh token is not known.')
    const out = await findOutOf(tx.sql, standing.userId)
    if (out) return accountSuspended(out)
    if (standing.isEnded) return new AppError('unauthenticated', 'This sign-in has ended.')
    if (standing.isUsed) {
      await revokeSignIns(tx, { userId: standing.userId, signInId: standing.signInId, reason: 'refresh_reused' })
      await writeSignInEvent(tx, 'tokenReused', standing.userId, standing.signInId)
      tx.log.warn({ userId: standing.userId, signInId: standing.signInId }, 'a refresh token was reused: its family has ended')
      return new AppError('token_reused', 'This refresh token was used before: sign in again.')
    }
    return new AppError('token_expired', 'This refresh token has expired.')
  })
  if (outcome instanceof AppError) throw outcome
  return pairOf(ctx, outcome)
}

/** The access token to a refresh token that was just issued. */
export function pairOf(ctx: Ctx, issued: Issued): TokenPair {
  const nowMs = ctx.clock.nowMs()
  const access = accessTokensOf(ctx.env, nowMs).sign(
    { kind: issued.kind, id: issued.userId, signInId: issued.signInId }, nowMs, ctx.settings.get('accessTokenSeconds'),
  )
  return {
    accessToken: access.token, accessTokenExpiresAt: access.expiresAt.toISOString(),
    refreshToken: issued.refreshToken, refreshTokenExpiresAt: issued.refreshTokenExpiresAt.toISOString(),
  }
}
