import { and, eq, gt, inArray, isNotNull, or, sql } from '../../platform/drizzle.ts'
import type { Tx } from '../../platform/ctx.ts'
import type { Queryable } from '../../platform/database.ts'
import { AppError } from '../../platform/errors.ts'
import type { Kind } from './contract.ts'
import { revokeSignInsOf } from './revocations.ts'
import { numberStandings, users } from './tables.ts'

/** What stands against a number: suspended until then, banned since then. Both null: nothing. */
export type Standing = { suspendedUntil: Date | null; bannedAt: Date | null }
/** Somebody is out: until then, or (null) for good. */
export type Out = { until: Date | null }

export function accountSuspended({ until }: Out): AppError {
  return new AppError('account_suspended', 'This account is suspended.', until ? { until } : {})
}

/**
 * Whether the number is suspended or banned now: that belongs to it, reaches both kinds and outlives an erased account.
 * In a transaction that makes an account or a sign-in, only after `shareNumber`.
 */
export async function findOut(handle: Queryable, phoneHash: Buffer): Promise<Out | undefined> {
  return outOf(handle, sql`
    select suspended_until, banned_at from number_standings where phone_hash = ${phoneHash}
    union all select suspended_until, banned_at from users where phone_hash = ${phoneHash}`)
}

/** The same of a person who was read already, at Postgres' time of that reading. */
export function isOut(standing: Standing, now: Date): boolean {
  return standing.bannedAt !== null || (standing.suspendedUntil !== null && standing.suspendedUntil > now)
}

/** The same for an account. */
export async function findOutOf(handle: Queryable, userId: string): Promise<Out | undefined> {
  return outOf(handle, sql`select suspended_until, banned_at from users where id = ${userId}`)
}

/** The accounts of this kind that are out now. */
export async function findIdsOut(handle: Queryable, kind: Kind): Promise<string[]> {
  const rows = await handle.select({ id: users.id }).from(users).where(and(eq(users.kind, kind), or(isNotNull(users.bannedAt), gt(users.suspendedUntil, sql`app_now()`))))
  return rows.map((row) => row.id)
}

/** Throws `account_suspended` where this person is out by now: their tokens may not have heard of it yet. */
export async function assertNotOut(handle: Queryable, userId: string): Promise<void> {
  const out = await findOutOf(handle, userId)
  if (out) throw accountSuspended(out)
}

async function outOf(handle: Queryable, standings: ReturnType<typeof sql>): Promise<Out | undefined> {
  const { rows } = await handle.execute<{ is_out: boolean; until: string | null }>(sql`
    select coalesce(bool_or(banned_at is not null or suspended_until > app_now()), false) as is_out,
      case when bool_or(banned_at is not null) then null else max(suspended_until) end as until from (${standings}) s`)
  return rows[0]!.is_out ? { until: rows[0]!.until === null ? null : new Date(rows[0]!.until) } : undefined
}

/** Whoever signs in with a number shares it, whoever judges it has it alone: no sign-in falls between. */
export const shareNumber = (tx: Tx, phoneHash: Buffer) => tx.sql.execute(sql`select pg_advisory_xact_lock_shared(${lockKey(phoneHash)})`)
export const holdNumber = (tx: Tx, phoneHash: Buffer) => tx.sql.execute(sql`select pg_advisory_xact_lock(${lockKey(phoneHash)})`)

// The hash is keyed already: its first bits are as good as any.
const lockKey = (phoneHash: Buffer): string => phoneHash.readBigInt64BE().toString()

/**
 * Sets what stands against a number (nothing that is over), for every account that it has; where that is something, all their sign-ins end. Who
 * has the number later meets it at sign-in. Answers the accounts that are not erased. After `holdNumber`.
 */
export async function setStanding(tx: Tx, phoneHash: Buffer, standing: Standing): Promise<{ id: string; kind: Kind }[]> {
  const set = { suspendedUntil: standing.suspendedUntil, bannedAt: standing.bannedAt, updatedAt: sql`app_now()` }
  await tx.sql.insert(numberStandings).values({ phoneHash, ...set }).onConflictDoUpdate({ target: numberStandings.phoneHash, set })
  const out = standing.bannedAt ? { until: null } : standing.suspendedUntil ? { until: standing.suspendedUntil } : undefined
  const accounts = await tx.sql.select({ id: users.id, kind: users.kind, erasedAt: users.erasedAt }).from(users).where(eq(users.phoneHash, phoneHash))
  const ids = accounts.map((account) => account.id)
  // Sign-ins before their users, as a refresh takes them.
  if (out && ids.length > 0) await revokeSignInsOf(tx, ids, { reason: standing.bannedAt ? 'banned' : 'suspended', until: out.until })
  if (ids.length > 0) await tx.sql.update(users).set(set).where(inArray(users.id, ids))
  return accounts.filter((account) => account.erasedAt === null).map(({ id, kind }) => ({ id, kind }))
}
