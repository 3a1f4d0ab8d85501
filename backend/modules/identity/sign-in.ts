import { eq, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { signUpClosed } from '../../platform/switches.ts'
import { checkCode, consumeChallenge } from './check-code.ts'
import { findOrCreate, hasAccount, type StartedAfresh } from './ensure-person.ts'
import { pairOf, type TokenPair } from './refresh-sign-in.ts'
import { issueRefreshToken } from './refresh-tokens.ts'
import { accountSuspended, findOut, shareNumber } from './standings.ts'
import { signIns, type User } from './tables.ts'
import { writeSignInEvent } from './topics.ts'

export type SignInInput = { challengeId: string; code: string; deviceName?: string | undefined; ip: string; appVersion: string | undefined }
export type SignedIn = { tokens: TokenPair; user: User; isNew: boolean }

/**
 * Signs in with a code, making the account where the number has none of this kind.
 * Throws `otp_invalid`, `otp_expired`, `otp_locked`, `account_suspended`, `sign_up_closed` or `not_ready`.
 */
export async function signIn(ctx: Ctx, input: SignInInput, startedAfresh: StartedAfresh): Promise<SignedIn> {
  const challenge = await checkCode(ctx, input.challengeId, input.code)
  const signedIn = await transact(ctx, async (tx) => {
    await consumeChallenge(tx.sql, challenge.id)
    await shareNumber(tx, challenge.phoneHash)
    const out = await findOut(tx.sql, challenge.phoneHash)
    if (out) return { out }
    if (tx.settings.get('signUpClosed') && !(await hasAccount(tx, challenge.kind, challenge))) return { isClosed: true }
    const { user, isNew } = await findOrCreate(tx, challenge.kind, challenge, startedAfresh)
    const id = tx.ids.next()
    const isKnown = isNew || (await isKnownDevice(tx, user.id, input.deviceName))
    await tx.sql.insert(signIns).values({ id, userId: user.id, deviceName: input.deviceName, ip: input.ip, appVersion: input.appVersion })
    if (!isKnown) await writeSignInEvent(tx, 'newSignIn', user.id, id)
    return { id, user, isNew, refresh: await issueRefreshToken(tx, id) }
  })
  // Only after the commit: the code of a suspended person is used up like any other.
  if ('out' in signedIn) throw accountSuspended(signedIn.out)
  if ('isClosed' in signedIn) throw signUpClosed()
  const { id, user, isNew, refresh } = signedIn
  ctx.log.info({ userId: user.id, kind: user.kind, signInId: id, isNew }, 'signed in')
  return { user, isNew, tokens: pairOf(ctx, { ...refresh, signInId: id, userId: user.id, kind: user.kind }) }
}

/** Whether this account signed in on a device of that name before, or never did: the first one is nobody else's. */
async function isKnownDevice(tx: Tx, userId: string, deviceName: string | undefined): Promise<boolean> {
  const [before] = await tx.sql.select({ isKnown: sql<boolean | null>`bool_or(${signIns.deviceName} is not distinct from ${deviceName ?? null}::text)` })
    .from(signIns).where(eq(signIns.userId, userId))
  return before?.isKnown ?? true
}
