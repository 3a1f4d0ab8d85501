import { timingSafeEqual } from 'node:crypto'
import { and, desc, eq, gt, isNull, lt, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { assertStillHere } from '../identity/index.ts'
import { tellLeft, type AddressWords } from './address-letters.ts'
import type { EmailView } from './contract.ts'
import { codeOf } from './email-codes.ts'
import { findEmail } from './find-email.ts'
import { emailAddresses, emailChallenges, type EmailChallenge } from './tables.ts'

/**
 * Makes the address that this code proves the person's own; they are told, and so is the one before. The try is taken
 * before the code is looked at, so that many at once have no more tries than one after another.
 * Throws `otp_invalid`, `otp_expired` or `otp_locked`.
 */
export async function proveEmail(ctx: Ctx, words: AddressWords, userId: string, code: string): Promise<EmailView> {
  const challenge = await takeTry(ctx, userId)
  if (!timingSafeEqual(Buffer.from(code), Buffer.from(codeOf(ctx.env, challenge.id)))) throw wrong()
  await transact(ctx, async (tx) => {
    await assertStillHere(tx, userId)
    // Single use: of all who hold the right code exactly one gets through.
    const used = await tx.sql.update(emailChallenges).set({ consumedAt: sql`app_now()` })
      .where(and(eq(emailChallenges.id, challenge.id), isNull(emailChallenges.consumedAt), isNull(emailChallenges.supersededAt))).returning({ id: emailChallenges.id })
    if (used.length === 0) throw wrong()
    const [before] = await tx.sql.select().from(emailAddresses).where(eq(emailAddresses.userId, userId)).for('update')
    const now = { addressHash: challenge.addressHash, addressEncrypted: challenge.addressEncrypted }
    await tx.sql.insert(emailAddresses).values({ userId, ...now })
      .onConflictDoUpdate({ target: emailAddresses.userId, set: { ...now, provenAt: sql`app_now()`, undeliverableAt: null } })
    if (!before) return words.added(tx, { userId, dedupeKey: `email-added:${challenge.id}` })
    if (before.addressHash.equals(challenge.addressHash)) return
    await tellLeft(tx, words, { userId, what: 'changed', addressEncrypted: before.addressEncrypted, dedupeKey: `email-changed:${challenge.id}` })
  })
  return findEmail(ctx, userId)
}

async function takeTry(ctx: Ctx, userId: string): Promise<EmailChallenge> {
  const [last] = await ctx.sql.select({ id: emailChallenges.id }).from(emailChallenges).where(and(eq(emailChallenges.userId, userId), isNull(emailChallenges.consumedAt)))
    .orderBy(desc(emailChallenges.createdAt), desc(emailChallenges.id)).limit(1)
  if (!last) throw wrong()
  const [taken] = await ctx.sql.update(emailChallenges).set({ attempts: sql`${emailChallenges.attempts} + 1` }).where(and(
    eq(emailChallenges.id, last.id), lt(emailChallenges.attempts, ctx.settings.get('emailCodeTries')),
    isNull(emailChallenges.consumedAt), isNull(emailChallenges.supersededAt), gt(emailChallenges.expiresAt, sql`app_now()`),
  )).returning()
  return taken ?? refuse(ctx, last.id)
}

async function refuse(ctx: Ctx, id: string): Promise<never> {
  const [row] = await ctx.sql.select({
    isUsed: sql<boolean>`consumed_at is not null`, isOver: sql<boolean>`superseded_at is not null or expires_at <= app_now()`,
    resendSeconds: sql<number>`greatest(1, ceil(extract(epoch from resend_at - app_now())))::int`,
  }).from(emailChallenges).where(eq(emailChallenges.id, id))
  if (!row || row.isUsed) throw wrong()
  if (row.isOver) throw new AppError('otp_expired', 'This code is over: ask for a new one.')
  throw new AppError('otp_locked', 'Too many wrong tries: ask for a new code.', { retryAfterSeconds: row.resendSeconds })
}

function wrong(): AppError {
  return new AppError('otp_invalid', 'This code is not right.')
}
