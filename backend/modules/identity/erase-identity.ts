import { randomBytes } from 'node:crypto'
import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { AppError } from '../../platform/errors.ts'
import { revokeSignIns } from './revocations.ts'
import { users, type User } from './tables.ts'

/** A person's row, which nobody changes until the commit; erased ones too. */
export async function lockPerson(tx: Tx, userId: string): Promise<User | undefined> {
  const [user] = await tx.sql.select().from(users).where(eq(users.id, userId)).for('no key update')
  return user
}

/** From this commit on nothing new begins for them (`assertStillHere`); `false` takes it back. The caller has locked them. */
export async function setErasing(tx: Tx, userId: string, isErasing: boolean): Promise<void> {
  await tx.sql.update(users).set({ erasingAt: isErasing ? sql`coalesce(erasing_at, app_now())` : null }).where(eq(users.id, userId))
}

/**
 * Whoever begins something for a person asks this in its transaction: an erasure waits for that commit, or is seen here.
 * Throws `unauthenticated` once they are erased, `conflict` while they are about to be.
 */
export async function assertStillHere(tx: Tx, userId: string): Promise<void> {
  const [user] = await tx.sql.select({ erasedAt: users.erasedAt, erasingAt: users.erasingAt }).from(users).where(eq(users.id, userId)).for('share')
  if (!user || user.erasedAt) throw new AppError('unauthenticated', 'This account is gone.')
  if (user.erasingAt) throw new AppError('conflict', 'This account is being erased.')
}

/**
 * Makes the row a pseudonym: its sign-ins end everywhere, and its number is nobody's. `keepHash`: a sanction or a case
 * still needs to know the number again. What is only a value is set by the privacy map. The caller has locked the person.
 */
export async function eraseIdentity(tx: Tx, userId: string, { keepHash }: { keepHash: boolean }): Promise<void> {
  await revokeSignIns(tx, { userId, reason: 'erased' })
  await tx.sql.update(users).set({ erasedAt: sql`app_now()`, updatedAt: sql`app_now()`, ...(keepHash ? {} : { phoneHash: randomBytes(32) }) })
    .where(and(eq(users.id, userId), isNull(users.erasedAt)))
}
