import { createHash, randomBytes } from 'node:crypto'
import { and, eq, isNull, sql } from '../../platform/drizzle.ts'
import type { z } from 'zod'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { secretsOf } from '../../platform/encryption.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { attemptFailed, attemptSucceeded, reserveAttempt, type Attempt } from './attempts.ts'
import type { Required, signInBody, StaffView } from './contract.ts'
import { NOBODYS_HASH, verifyPassword } from './passwords.ts'
import { requiredOf, viewOf } from './rules.ts'
import { staffBackupCodes, staffSessions } from './tables.ts'
import { hashBackupCode, totpStep } from './totp.ts'

export const TOTP_PURPOSE = 'staff.totp_secret'
export type SignedIn = { token: string; csrfToken: string; staff: StaffView; required: Required[]; seconds: number }
type Caller = { ip: string; userAgent: string | undefined; requestId: string }

/**
 * Signs a member of staff in. Throws `unauthenticated` with one and the same answer for an unknown e-mail, a wrong
 * password or code, and a locked account; the time that it takes tells them apart no more than the answer does.
 */
export async function signIn(ctx: Ctx, input: z.output<typeof signInBody>, caller: Caller): Promise<SignedIn> {
  const attempt = await reserveAttempt(ctx, { email: input.email })
  const isRight = await verifyPassword(attempt?.account.passwordHash ?? NOBODYS_HASH, input.password)
  if (!attempt || !isRight) {
    await attemptFailed(ctx, attempt, caller)
    throw refusal()
  }
  if (attempt.account.totpConfirmedAt !== null && input.totp === undefined) {
    await attemptFailed(ctx, attempt, caller)
    throw refusal([{ path: 'totp', code: 'required', message: 'a code of the authenticator, or a backup code' }])
  }
  const signedIn = await transact(ctx, (tx) => openSession(tx, attempt, input.totp, caller))
  if (signedIn) return signedIn
  await attemptFailed(ctx, attempt, caller)
  throw refusal()
}

async function openSession(tx: Tx, attempt: Attempt, code: string | undefined, caller: Caller): Promise<SignedIn | undefined> {
  const { account } = attempt
  const factor = account.totpConfirmedAt === null ? 'password' : await acceptCode(tx, attempt, code ?? '')
  if (factor === undefined || !(await attemptSucceeded(tx, attempt, typeof factor === 'number' ? factor : undefined))) return undefined

  const token = randomBytes(32).toString('base64url')
  const csrfToken = randomBytes(32).toString('base64url')
  const seconds = tx.settings.get('staffSessionSeconds')
  const id = tx.ids.next()
  await tx.sql.insert(staffSessions).values({
    id, staffId: account.id, tokenHash: hashToken(token), csrfToken, ip: caller.ip, userAgent: caller.userAgent?.slice(0, 300) ?? null,
    expiresAt: sql`app_now() + make_interval(secs => ${seconds})`,
  })
  await appendAudit(tx, {
    actorKind: 'staff', actorId: account.id, act: 'staff.signed_in', targetType: 'staff_session', targetId: id,
    details: { factor: typeof factor === 'number' ? 'totp' : factor }, requestId: caller.requestId, ip: caller.ip,
  })
  return { token, csrfToken, staff: viewOf({ ...account, lockedUntil: null }), required: requiredOf(account), seconds }
}

// A number is the step of a TOTP code: accepted only if the guarded update that follows finds it unused.
async function acceptCode(tx: Tx, { account, now }: Attempt, code: string): Promise<number | 'backup_code' | undefined> {
  if (/^\d{6}$/.test(code)) {
    if (account.totpSecret === null) return undefined
    return totpStep(secretsOf(tx.env).encryption.decrypt(account.totpSecret, TOTP_PURPOSE), code, now)
  }
  const used = await tx.sql
    .update(staffBackupCodes)
    .set({ usedAt: sql`app_now()` })
    .where(and(eq(staffBackupCodes.staffId, account.id), eq(staffBackupCodes.codeHash, hashBackupCode(account.id, code)), isNull(staffBackupCodes.usedAt)))
    .returning({ staffId: staffBackupCodes.staffId })
  return used.length === 1 ? 'backup_code' : undefined
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function refusal(errors?: { path: string; code: string; message: string }[]): AppError {
  return new AppError('unauthenticated', 'E-mail, password or code is wrong, or the account is locked.', errors ? { errors } : {})
}
