import { and, type AnyPgColumn, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import { holdWallet } from '../ledger/index.ts'
import type { Kind } from './contract.ts'
import { parsePhone, storePhone, type StoredPhone } from './phones.ts'
import { revokeSignIns } from './revocations.ts'
import { preferences, users, type User } from './tables.ts'

/** What others keep of somebody whose number may have a new owner is put away, in the transaction that lets them in. */
export type StartedAfresh = (tx: Tx, person: { id: string; kind: Kind }) => Promise<void>

/** The account of this number and kind, made where there is none: what sign-in does, for the seed and for tests. */
export async function ensurePerson(tx: Tx, input: { kind: Kind; phone: string }): Promise<{ user: User; isNew: boolean }> {
  return findOrCreate(tx, input.kind, storePhone(tx.env, parsePhone(input.phone, tx.settings.get('phonePrefixes'))), async () => {})
}

/** Whether the number has an account of this kind. */
export async function hasAccount(tx: Tx, kind: Kind, phone: Pick<StoredPhone, 'phoneHash'>): Promise<boolean> {
  const found = await tx.sql.select({ id: users.id }).from(users).where(and(eq(users.kind, kind), eq(users.phoneHash, phone.phoneHash), isNull(users.erasedAt)))
  return found.length > 0
}

/**
 * Two at once are settled by the unique index: one makes the account, the other finds it. An account that was idle
 * for too long starts afresh: its number may have a new owner, who must not meet the old one's name, history and money.
 */
export async function findOrCreate(tx: Tx, kind: Kind, phone: StoredPhone, startedAfresh: StartedAfresh): Promise<{ user: User; isNew: boolean }> {
  const [made] = await tx.sql.insert(users).values({ id: tx.ids.next(), kind, ...phone }).onConflictDoNothing().returning()
  if (made) {
    tx.afterCommit(({ metrics }) => metrics.signups.inc({ kind }))
    return { user: made, isNew: true }
  }
  const [found] = await tx.sql.update(users).set({
    lastActiveAt: sql`app_now()`,
    historyFrom: unlessIdle(tx, users.historyFrom, sql`app_now()`),
    displayName: unlessIdle(tx, users.displayName),
    birthDate: unlessIdle(tx, users.birthDate),
    birthDateUsedAt: unlessIdle(tx, users.birthDateUsedAt),
    gender: unlessIdle(tx, users.gender),
  }).where(and(eq(users.kind, kind), eq(users.phoneHash, phone.phoneHash), isNull(users.erasedAt))).returning()
  if (!found) throw new Error('an account was erased while its owner signed in')
  if (found.historyFrom?.getTime() === found.lastActiveAt.getTime()) await startAfresh(tx, found, startedAfresh)
  return { user: found, isNew: false }
}

function unlessIdle(tx: Tx, column: AnyPgColumn, otherwise = sql`null`) {
  return sql`case when ${users.lastActiveAt} < app_now() - make_interval(secs => ${tx.settings.get('accountIdleSeconds')}) then ${otherwise} else ${column} end`
}

async function startAfresh(tx: Tx, { id: userId, kind }: User, startedAfresh: StartedAfresh): Promise<void> {
  await revokeSignIns(tx, { userId, reason: 'account_idle' })
  await tx.sql.delete(preferences).where(eq(preferences.userId, userId))
  if (kind === 'customer') await holdWallet(tx, userId)
  await startedAfresh(tx, { id: userId, kind })
}
