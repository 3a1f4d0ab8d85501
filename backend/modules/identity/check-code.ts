import { timingSafeEqual } from 'node:crypto'
import { and, eq, gt, isNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { GatewayError } from '../../platform/gateways.ts'
import { hashCode } from './request-code.ts'
import { otpChallenges, type Challenge } from './tables.ts'

/**
 * Whether this code answers this challenge; the try is taken before the code is looked at, so that many at once have
 * no more tries than one after another. A right code still has to be claimed by `consumeChallenge`.
 * Throws `otp_invalid`, `otp_expired`, `otp_locked` or, while the provider can't be asked, `not_ready`.
 */
export async function checkCode(ctx: Ctx, challengeId: string, code: string): Promise<Challenge> {
  const challenge = await takeTry(ctx, challengeId)
  const verdict = challenge.channel === 'test' ? compare(ctx, challenge, code) : await askProvider(ctx, challenge, code)
  if (verdict === 'expired') throw expired()
  if (verdict === 'wrong') throw wrong()
  return challenge
}

/** Single use: of all who hold the right code exactly one gets through. Throws `otp_invalid` or `otp_expired`. */
export async function consumeChallenge(handle: Queryable, challengeId: string): Promise<void> {
  const claimed = await handle.update(otpChallenges).set({ consumedAt: sql`app_now()` }).where(and(
    eq(otpChallenges.id, challengeId), isNull(otpChallenges.consumedAt), isNull(otpChallenges.supersededAt), gt(otpChallenges.expiresAt, sql`app_now()`),
  )).returning({ id: otpChallenges.id })
  if (claimed.length === 0) throw wrong()
}

async function takeTry(ctx: Ctx, challengeId: string): Promise<Challenge> {
  const [challenge] = await ctx.sql.update(otpChallenges).set({ attempts: sql`${otpChallenges.attempts} + 1` }).where(and(
    eq(otpChallenges.id, challengeId), lt(otpChallenges.attempts, ctx.settings.get('otpTries')),
    isNull(otpChallenges.consumedAt), isNull(otpChallenges.supersededAt), gt(otpChallenges.expiresAt, sql`app_now()`),
  )).returning()
  return challenge ?? refuse(ctx, challengeId)
}

async function refuse(ctx: Ctx, challengeId: string): Promise<never> {
  const [row] = await ctx.sql.select({
    isUsed: sql<boolean>`consumed_at is not null`,
    isOver: sql<boolean>`superseded_at is not null or expires_at <= app_now()`,
    resendSeconds: sql<number>`greatest(1, ceil(extract(epoch from resend_at - app_now())))::int`,
  }).from(otpChallenges).where(eq(otpChallenges.id, challengeId))
  if (!row || row.isUsed) throw wrong()
  if (row.isOver) throw expired()
  throw new AppError('otp_locked', 'Too many wrong tries: ask for a new code.', { retryAfterSeconds: row.resendSeconds })
}

function compare(ctx: Ctx, challenge: Challenge, code: string): 'ok' | 'wrong' {
  const given = hashCode(ctx, challenge.id, code)
  return challenge.codeHash !== null && timingSafeEqual(given, challenge.codeHash) ? 'ok' : 'wrong'
}

async function askProvider(ctx: Ctx, challenge: Challenge, code: string): Promise<'ok' | 'wrong' | 'expired'> {
  // The provider has not told yet which code it made, so nobody can hold it.
  if (challenge.providerRef === null) return 'wrong'
  try {
    return await ctx.gateways.otp.verify(challenge.providerRef, code)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new AppError('not_ready', 'The code can’t be checked at the moment.', { retryAfterSeconds: 5 })
  }
}

function wrong(): AppError {
  return new AppError('otp_invalid', 'This code is not right.')
}

function expired(): AppError {
  return new AppError('otp_expired', 'This code is over: ask for a new one.')
}
