import { alias, and, eq, isNull, notExists, sql } from '../../platform/drizzle.ts'
import type { UserActor } from '../../platform/access.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact, violatedConstraint } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { checkCode, consumeChallenge } from './check-code.ts'
import { revokeSignIns } from './revocations.ts'
import { accountSuspended, findOut, shareNumber } from './standings.ts'
import { users, type Challenge, type User } from './tables.ts'
import { writeEvent } from './topics.ts'

/** Told in the change's own transaction what number, encrypted, the account had before: nobody keeps it afterwards. */
export type LeftNumber = (tx: Tx, left: { userId: string; phoneEncrypted: Buffer }) => Promise<void>

/**
 * Moves the account to the number that this code proves; every other sign-in ends, because it was made with the old one.
 * Throws what a sign-in throws, and `conflict` when the number has an account of this kind.
 */
export async function changePhone(ctx: Ctx, actor: UserActor, input: { challengeId: string; code: string }, leftNumber: LeftNumber): Promise<User> {
  const challenge = await checkCode(ctx, input.challengeId, input.code)
  if (challenge.kind !== actor.kind) throw new AppError('otp_invalid', 'This code was asked for by the other app.')
  const moved = await transact(ctx, async (tx) => {
    await consumeChallenge(tx.sql, challenge.id)
    await shareNumber(tx, challenge.phoneHash)
    const out = await findOut(tx.sql, challenge.phoneHash)
    if (out) return accountSuspended(out)
    const [before] = await tx.sql.select({ phoneHash: users.phoneHash, phoneEncrypted: users.phoneEncrypted }).from(users).where(eq(users.id, actor.id)).for('no key update')
    const user = await move(tx, actor, challenge)
    if (!user) return taken()
    if (before?.phoneEncrypted && !before.phoneHash.equals(challenge.phoneHash)) await leftNumber(tx, { userId: actor.id, phoneEncrypted: before.phoneEncrypted })
    await revokeSignIns(tx, { userId: actor.id, exceptSignInId: actor.signInId, reason: 'phone_changed' })
    await writeEvent(tx, 'phoneChanged', actor.id)
    return user
  }).catch(async (error: unknown) => {
    if (violatedConstraint(error) !== 'users_phone') throw error
    // Somebody took the number in the same moment; the transaction that used up the code was rolled back with it.
    await consumeChallenge(ctx.sql, challenge.id)
    return taken()
  })
  // Only after the commit: the code is used up like any other.
  if (moved instanceof AppError) throw moved
  return moved
}

async function move(tx: Tx, actor: UserActor, challenge: Challenge): Promise<User | undefined> {
  const other = alias(users, 'other')
  const holder = tx.sql.select({ id: other.id }).from(other).where(and(
    eq(other.kind, actor.kind), eq(other.phoneHash, challenge.phoneHash), isNull(other.erasedAt), sql`${other.id} <> ${actor.id}`,
  ))
  const [user] = await tx.sql.update(users).set({
    phoneHash: challenge.phoneHash, phoneEncrypted: challenge.phoneEncrypted, phonePrefix: challenge.phonePrefix, updatedAt: sql`app_now()`,
  }).where(and(eq(users.id, actor.id), isNull(users.erasedAt), notExists(holder))).returning()
  return user
}

function taken(): AppError {
  return new AppError('conflict', 'This number has an account already.')
}
