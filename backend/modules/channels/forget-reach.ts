import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { emailAddresses, emailChallenges, notificationPreferences } from './tables.ts'

/** The account may have another owner from now on: nothing more goes to the address of the one before, and what they chose counts no more. */
export async function forgetReach(tx: Tx, userId: string): Promise<void> {
  await tx.sql.delete(emailAddresses).where(eq(emailAddresses.userId, userId))
  await tx.sql.update(emailChallenges).set({ supersededAt: sql`app_now()` })
    .where(and(eq(emailChallenges.userId, userId), isNull(emailChallenges.consumedAt), isNull(emailChallenges.supersededAt)))
  await tx.sql.delete(notificationPreferences).where(eq(notificationPreferences.userId, userId))
}
