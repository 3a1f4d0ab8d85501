import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { Ctx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { assertStillHere } from '../identity/index.ts'
import { tellLeft, type AddressWords } from './address-letters.ts'
import type { EmailView } from './contract.ts'
import { findEmail } from './find-email.ts'
import { emailAddresses, emailChallenges } from './tables.ts'

/** Takes a person's address away, and ends what they were about to prove; the address is told. A second time changes nothing. */
export async function removeEmail(ctx: Ctx, words: AddressWords, userId: string): Promise<EmailView> {
  await transact(ctx, async (tx) => {
    await assertStillHere(tx, userId)
    await tx.sql.update(emailChallenges).set({ supersededAt: sql`app_now()` })
      .where(and(eq(emailChallenges.userId, userId), isNull(emailChallenges.consumedAt), isNull(emailChallenges.supersededAt)))
    const [left] = await tx.sql.delete(emailAddresses).where(eq(emailAddresses.userId, userId)).returning()
    if (!left) return
    await tellLeft(tx, words, { userId, what: 'removed', addressEncrypted: left.addressEncrypted, dedupeKey: `email-removed:${tx.ids.next()}` })
  })
  return findEmail(ctx, userId)
}
