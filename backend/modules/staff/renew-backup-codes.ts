import { eq } from '../../platform/drizzle.ts'
import type { Ctx, Tx } from '../../platform/ctx.ts'
import { transact } from '../../platform/database.ts'
import { secretsOf } from '../../platform/encryption.ts'
import { AppError } from '../../platform/errors.ts'
import { appendAudit } from '../audit/index.ts'
import { attemptFailed, attemptSucceeded, reserveAttempt, type Attempt } from './attempts.ts'
import { auditOf, type By } from './by.ts'
import type { Required } from './contract.ts'
import { requiredOf } from './rules.ts'
import { TOTP_PURPOSE } from './sign-in.ts'
import { staffBackupCodes } from './tables.ts'
import { hashBackupCode, newBackupCodes, totpStep } from './totp.ts'

/**
 * Ten new backup codes, shown this once; the old ones are worth nothing any more. A wrong code counts like a failed
 * sign-in. Throws `conflict` without an authenticator, `forbidden` for a wrong or used code and a locked account.
 */
export async function renewBackupCodes(ctx: Ctx, by: By, code: string): Promise<{ backupCodes: string[]; required: Required[] }> {
  const attempt = await reserveAttempt(ctx, { id: by.staffId })
  if (!attempt) throw refusal()
  const { account, now } = attempt
  if (account.totpSecret === null || account.totpConfirmedAt === null) {
    await transact(ctx, (tx) => attemptSucceeded(tx, attempt))
    throw new AppError('conflict', 'Enrol an authenticator first.')
  }
  const step = totpStep(secretsOf(ctx.env).encryption.decrypt(account.totpSecret, TOTP_PURPOSE), code, now)
  const isRight = step !== undefined && (account.totpLastStep === null || step > account.totpLastStep)
  const backupCodes = isRight ? await transact(ctx, (tx) => renew(tx, attempt, step, by)) : undefined
  if (!backupCodes) {
    await attemptFailed(ctx, attempt, by)
    throw refusal()
  }
  return { backupCodes, required: requiredOf(account) }
}

// Undefined where somebody was quicker with this code, or changed the password meanwhile.
async function renew(tx: Tx, attempt: Attempt, step: number, by: By): Promise<string[] | undefined> {
  if (!(await attemptSucceeded(tx, attempt, step))) return undefined
  await appendAudit(tx, { ...auditOf(by), act: 'staff.backup_codes_renewed', targetType: 'staff', targetId: by.staffId })
  return replaceBackupCodes(tx, by.staffId)
}

/** Ten new codes in place of those there are. */
export async function replaceBackupCodes(tx: Tx, staffId: string): Promise<string[]> {
  const backupCodes = newBackupCodes()
  await tx.sql.delete(staffBackupCodes).where(eq(staffBackupCodes.staffId, staffId))
  await tx.sql.insert(staffBackupCodes).values(backupCodes.map((code) => ({ staffId, codeHash: hashBackupCode(staffId, code) })))
  return backupCodes
}

function refusal(): AppError {
  return new AppError('forbidden', 'The code is wrong or was used, or the account is locked.')
}
