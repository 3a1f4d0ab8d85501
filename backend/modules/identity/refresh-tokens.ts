import { createHash, randomBytes } from 'node:crypto'
import { sql } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { secretsOf } from '../../platform/encryption.ts'
import type { Kind } from './contract.ts'

const PURPOSE = 'refresh-token'

/** Who holds a refresh token that was just issued, and until when it is good. */
export type Issued = { refreshToken: string; refreshTokenExpiresAt: Date; signInId: string; userId: string; kind: Kind }
type Row = { sign_in_id: string; user_id: string; kind: Kind; expires_at: string }

// 256 random bits need no slow hash.
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function newToken(): string {
  return randomBytes(32).toString('base64url')
}

// A family that has ended, and a person who may not sign in, rotate nothing.
const MAY_GO_ON = sql`s.revoked_at is null and u.erased_at is null and u.banned_at is null and (u.suspended_until is null or u.suspended_until <= app_now())`

/** The first token of a sign-in. */
export async function issueRefreshToken(tx: Tx, signInId: string): Promise<{ refreshToken: string; refreshTokenExpiresAt: Date }> {
  const refreshToken = newToken()
  const result = await tx.sql.execute<{ expires_at: string }>(sql`
    insert into refresh_tokens (id, sign_in_id, token_hash, expires_at)
    values (${tx.ids.next()}, ${signInId}, ${hashToken(refreshToken)}, app_now() + make_interval(secs => ${tx.settings.get('refreshTokenSeconds')}))
    returning expires_at`)
  return { refreshToken, refreshTokenExpiresAt: new Date(result.rows[0]!.expires_at) }
}

/**
 * Trades an unused token for its successor: one guarded statement, so that of many at once one rotates. The successor
 * is kept encrypted for as long as its answer may have been lost, and forgotten when it is used itself.
 */
export async function rotate(tx: Tx, tokenHash: Buffer): Promise<Issued | undefined> {
  const successor = newToken()
  const successorId = tx.ids.next()
  const result = await tx.sql.execute<Row>(sql`
    with used as (
      update refresh_tokens t
      set used_at = app_now(), successor_id = ${successorId}, successor_encrypted = ${secretsOf(tx.env).encryption.encrypt(successor, PURPOSE)}
      from sign_ins s join users u on u.id = s.user_id
      where t.token_hash = ${tokenHash} and t.used_at is null and t.expires_at > app_now() and s.id = t.sign_in_id and ${MAY_GO_ON}
      returning t.id, t.sign_in_id, s.user_id, u.kind),
    forgotten as (update refresh_tokens p set successor_encrypted = null from used where p.successor_id = used.id),
    purged as (delete from refresh_tokens o using used where o.sign_in_id = used.sign_in_id and o.expires_at < app_now() - interval '1 day' and o.id <> used.id),
    seen as (update sign_ins s set last_used_at = app_now() from used where s.id = used.sign_in_id),
    active as (update users u set last_active_at = app_now() from used where u.id = used.user_id),
    issued as (
      insert into refresh_tokens (id, sign_in_id, token_hash, expires_at)
      select ${successorId}, used.sign_in_id, ${hashToken(successor)}, app_now() + make_interval(secs => ${tx.settings.get('refreshTokenSeconds')}) from used
      returning expires_at)
    select used.sign_in_id, used.user_id, used.kind, issued.expires_at from used, issued`)
  return issuedOf(result.rows[0], successor)
}

/** A lost answer, asked for once more: the same successor, unless it is used already or the time is over. */
export async function repeat(tx: Tx, tokenHash: Buffer): Promise<Issued | undefined> {
  const result = await tx.sql.execute<Row & { successor_encrypted: Buffer }>(sql`
    update refresh_tokens t set retried_at = app_now()
    from refresh_tokens n, sign_ins s join users u on u.id = s.user_id
    where t.token_hash = ${tokenHash} and t.retried_at is null and t.successor_encrypted is not null
      and t.used_at > app_now() - make_interval(secs => ${tx.settings.get('refreshRetrySeconds')})
      and n.id = t.successor_id and n.used_at is null and n.expires_at > app_now() and s.id = t.sign_in_id and ${MAY_GO_ON}
    returning t.sign_in_id, s.user_id, u.kind, n.expires_at, t.successor_encrypted`)
  const [row] = result.rows
  return row && issuedOf(row, secretsOf(tx.env).encryption.decrypt(row.successor_encrypted, PURPOSE))
}

export type Standing = { signInId: string; userId: string; isUsed: boolean; isExpired: boolean; isEnded: boolean }

/** Why a token was neither rotated nor repeated. */
export async function findStanding(sqlHandle: Tx['sql'] | Ctx['sql'], tokenHash: Buffer): Promise<Standing | undefined> {
  const result = await sqlHandle.execute<Standing>(sql`
    select s.id as "signInId", s.user_id as "userId", t.used_at is not null as "isUsed", t.expires_at <= app_now() as "isExpired",
      s.revoked_at is not null or u.erased_at is not null as "isEnded"
    from refresh_tokens t join sign_ins s on s.id = t.sign_in_id join users u on u.id = s.user_id where t.token_hash = ${tokenHash}`)
  return result.rows[0]
}

function issuedOf(row: Row | undefined, refreshToken: string): Issued | undefined {
  if (!row) return undefined
  return { refreshToken, refreshTokenExpiresAt: new Date(row.expires_at), signInId: row.sign_in_id, userId: row.user_id, kind: row.kind }
}
