import { createHash, createHmac } from 'node:crypto'
import { and, eq, isNull, lte, ne, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, type Queryable } from '../../platform/database.ts'
import { secretsOf } from '../../platform/encryption.ts'
import { AppError } from '../../platform/errors.ts'
import { GatewayError } from '../../platform/gateways.ts'
import { networkOf } from '../../platform/limits.ts'
import type { Kind } from './contract.ts'
import { refuseTooManyCodes } from './code-limits.ts'
import { parsePhone, storePhone, type StoredPhone } from './phones.ts'
import { otpChallenges, type Challenge } from './tables.ts'

const TEST_CODE = '000000'

/**
 * Has a code sent to a number. It never looks whether there is an account: the answer, and the work behind it, is the
 * same for known and unknown numbers. Throws `not_ready` while the provider can't be asked.
 */
export async function requestCode(ctx: Ctx, input: { phone: string; kind: Kind; ip: string }): Promise<Challenge> {
  const e164 = parsePhone(input.phone, ctx.settings.get('phonePrefixes'))
  const challenge = await transact(ctx, (tx) => storeChallenge(tx, e164, input))
  if (challenge.channel === 'provider') await send(ctx, challenge, e164)
  return challenge
}

async function storeChallenge(tx: Tx, e164: string, input: { kind: Kind; ip: string }): Promise<Challenge> {
  const phone = storePhone(tx.env, e164)
  const network = networkOf(input.ip)
  await lockBudgets(tx, phone, network)
  await refuseTooManyCodes(tx, phone, network)
  const id = tx.ids.next()
  const isTest = !tx.gateways.otp.enabled
  const [challenge] = await tx.sql.insert(otpChallenges).values({
    id, ...phone, kind: input.kind, ip: network,
    channel: isTest ? 'test' : 'provider',
    // Without a hash no code ever works: the answer to a number that is no test phone is the same all the same.
    codeHash: isTest && hasTestCode(tx, e164) ? hashCode(tx, id, TEST_CODE) : null,
    expiresAt: sql`app_now() + make_interval(secs => ${tx.settings.get('otpSeconds')})`,
    resendAt: sql`app_now() + make_interval(secs => ${tx.settings.get('otpResendSeconds')})`,
  }).returning()
  if (isTest) await endEarlier(tx.sql, challenge!)
  return challenge!
}

async function endEarlier(handle: Queryable, challenge: Challenge): Promise<void> {
  await handle.update(otpChallenges).set({ supersededAt: sql`app_now()` }).where(and(
    eq(otpChallenges.phoneHash, challenge.phoneHash), ne(otpChallenges.id, challenge.id), lte(otpChallenges.createdAt, challenge.createdAt),
    isNull(otpChallenges.consumedAt), isNull(otpChallenges.supersededAt),
  ))
}

// Sorted, so that two requests never wait for each other; held to the commit, so that what was counted stays true.
async function lockBudgets(tx: Tx, phone: StoredPhone, network: string): Promise<void> {
  const names = [`phone:${phone.phoneHash.toString('hex')}`, `ip:${network}`, `prefix:${phone.phonePrefix}`]
  const keys = names.map((name) => createHash('sha256').update(`otp:${name}`).digest().readBigInt64BE())
  const sorted = [...new Set(keys)].toSorted((a, b) => (a < b ? -1 : 1)).map(String)
  await tx.sql.execute(sql`select pg_advisory_xact_lock(key) from unnest(${sql.param(sorted)}::bigint[]) with ordinality as k (key, at) order by at`)
}

function hasTestCode(tx: Tx, e164: string): boolean {
  return tx.env.APP_ENV === 'development' || tx.env.OTP_TEST_PHONES.some((phone) => phone.replaceAll(/[\s-]/g, '') === e164)
}

/** Keyed and bound to its challenge: six digits alone would be guessed from any plain hash. */
export function hashCode(world: Pick<Ctx, 'env'>, challengeId: string, code: string): Buffer {
  return createHmac('sha256', secretsOf(world.env).phoneHashKey).update(`otp:${challengeId}:${code}`).digest()
}

async function send(ctx: Ctx, challenge: Challenge, e164: string): Promise<void> {
  try {
    const { reference } = await ctx.gateways.otp.request(e164)
    await ctx.sql.update(otpChallenges).set({ providerRef: reference }).where(eq(otpChallenges.id, challenge.id))
    // Only now: while no new code was sent, the one before stays good.
    await endEarlier(ctx.sql, challenge)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    await giveUp(ctx, challenge.id, error)
    throw new AppError('not_ready', 'No code can be sent at the moment.', { retryAfterSeconds: 5 })
  }
}

// A code that was surely not sent does not count; one that may have been does, but nobody has to wait to resend it.
async function giveUp(ctx: Ctx, challengeId: string, error: GatewayError): Promise<void> {
  const wasSent = error.reason === 'timeout' || error.reason === 'unreadable'
  if (wasSent) await ctx.sql.update(otpChallenges).set({ supersededAt: sql`app_now()` }).where(eq(otpChallenges.id, challengeId))
  else await ctx.sql.delete(otpChallenges).where(eq(otpChallenges.id, challengeId))
}
