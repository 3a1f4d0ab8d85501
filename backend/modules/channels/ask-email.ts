import { createHash } from 'node:crypto'
import { and, eq, isNull, ne, sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import { assertStillHere } from '../identity/index.ts'
import { sendProof, type AddressWords } from './address-letters.ts'
import { hashAddress, parseAddress, sealAddress } from './addresses.ts'
import type { EmailView } from './contract.ts'
import { canMail, findEmail } from './find-email.ts'
import { emailAddresses, emailChallenges, type EmailChallenge } from './tables.ts'

const DAY_SECONDS = 86_400

/**
 * Has a code sent to an address. It never looks whether another account has it, so the answer is the same in any case.
 * Throws `email_disabled` where no mail can be sent or staff have closed it, `validation_failed`, `otp_resend_too_soon` and `rate_limited`.
 */
export async function askEmail(ctx: Ctx, words: AddressWords, userId: string, text: string): Promise<EmailView> {
  if (!canMail(ctx)) throw new AppError('email_disabled', 'E-mail can’t be used at the moment.')
  const address = parseAddress(text)
  if (address === undefined) throw new AppError('validation_failed', 'This is not an e-mail address.', { errors: [{ path: 'address', code: 'invalid_email', message: 'must be an e-mail address' }] })
  const hash = hashAddress(ctx.env, address)
  await transact(ctx, async (tx) => {
    await assertStillHere(tx, userId)
    await lockBudgets(tx, userId, hash)
    // Proven already, and somebody reads it: there is nothing to prove.
    const [own] = await tx.sql.select({ userId: emailAddresses.userId }).from(emailAddresses)
      .where(and(eq(emailAddresses.userId, userId), eq(emailAddresses.addressHash, hash), isNull(emailAddresses.undeliverableAt)))
    if (!own) await challenge(tx, words, { userId, addressHash: hash, addressEncrypted: sealAddress(tx.env, address) })
  })
  return findEmail(ctx, userId)
}

async function challenge(tx: Tx, words: AddressWords, { userId, addressHash, addressEncrypted }: Pick<EmailChallenge, 'userId' | 'addressHash' | 'addressEncrypted'>): Promise<void> {
  await refuseTooMany(tx, userId, addressHash)
  const lifeSeconds = tx.settings.get('emailCodeSeconds')
  const id = tx.ids.next()
  await tx.sql.insert(emailChallenges).values({
    id, userId, addressHash, addressEncrypted,
    expiresAt: sql`app_now() + make_interval(secs => ${lifeSeconds})`, resendAt: sql`app_now() + make_interval(secs => ${tx.settings.get('emailCodeResendSeconds')})`,
  })
  // A new code ends the old ones.
  await tx.sql.update(emailChallenges).set({ supersededAt: sql`app_now()` }).where(and(
    eq(emailChallenges.userId, userId), ne(emailChallenges.id, id), isNull(emailChallenges.consumedAt), isNull(emailChallenges.supersededAt),
  ))
  await sendProof(tx, words, { id, userId, addressEncrypted }, lifeSeconds)
}

// Sorted, so that two requests never wait for each other; held to the commit, so that what was counted stays true.
async function lockBudgets(tx: Tx, userId: string, hash: Buffer): Promise<void> {
  const keys = [`user:${userId}`, `address:${hash.toString('hex')}`].map((name) => createHash('sha256').update(`email:${name}`).digest().readBigInt64BE())
  const sorted = keys.toSorted((a, b) => (a < b ? -1 : 1)).map(String)
  await tx.sql.execute(sql`select pg_advisory_xact_lock(key) from unnest(${sql.param(sorted)}::bigint[]) with ordinality as k (key, at) order by at`)
}

async function refuseTooMany(tx: Tx, userId: string, hash: Buffer): Promise<void> {
  const within = (which: ReturnType<typeof sql>) => sql`(select json_build_object('count', count(*), 'resetSeconds', coalesce(ceil(extract(epoch from min(created_at) - app_now())) + ${DAY_SECONDS}::int, 0))
    from email_challenges where ${which} and created_at > app_now() - make_interval(secs => ${DAY_SECONDS}))`
  type Counted = { count: number; resetSeconds: number }
  const { rows: [counted] } = await tx.sql.execute<{ resend: number; person: Counted; address: Counted }>(sql`select
    coalesce((select ceil(extract(epoch from max(resend_at) - app_now()))::int from email_challenges
      where user_id = ${userId} and resend_at > app_now() and consumed_at is null), 0) as resend,
    ${within(sql`user_id = ${userId}`)} as person, ${within(sql`address_hash = ${hash}`)} as address`)
  const { resend, person, address } = counted!
  if (resend > 0) throw new AppError('otp_resend_too_soon', 'A code was sent a moment ago.', { retryAfterSeconds: resend })
  const over = [person.count >= tx.settings.get('emailCodesPerPersonDay') ? person.resetSeconds : 0, address.count >= tx.settings.get('emailCodesPerAddressDay') ? address.resetSeconds : 0]
  const retryAfterSeconds = Math.max(...over)
  if (retryAfterSeconds === 0) return
  tx.metrics.rateLimited.inc({ limit: 'email' })
  throw new AppError('rate_limited', 'Too many codes were asked for.', { retryAfterSeconds })
}
